/** The shape of `cache`: where results are shared. */
import { z } from 'zod';
import { name, text } from './field.ts';
import { fixed } from './fixed.ts';

export const cacheSchema = fixed({
  remote: text
    .optional()
    .describe(
      'Where results are shared: a folder, `https://HOST/PATH`, or `s3://BUCKET/PREFIX`. `--remote` and `PIPE_REMOTE` go before it.',
    ),
  name: name
    .optional()
    .describe('What it is called on screens and in reports; else its host, bucket or folder.'),
  mode: z
    .enum(['read', 'read-write'], { error: '`mode` is `read` or `read-write`' })
    .optional()
    .describe('Whether results made here are sent there; `read-write` when left out.'),
  sign: z
    .string()
    .regex(/^env\.[A-Za-z_][A-Za-z0-9_]*$/, 'the key is named by its variable: `env.PIPE_SIGNING_KEY`')
    .optional()
    .describe(
      'The variable that holds the private key with which results are signed. Where it is not set, none are sent.',
    ),
  trust: z
    .array(
      z
        .string()
        .regex(
          /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
          'a public key is the base64 of an Ed25519 key in DER form, 60 characters that start with `MCowBQYDK2VwAyEA`',
        ),
    )
    .min(1, 'must not be empty')
    .optional()
    .describe('Public keys. When there are some, only results that one of them signed are taken.'),
});
