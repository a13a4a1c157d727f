/** The shape of an entry of `sources`. */
import { z } from 'zod';
import { durationPattern } from './duration.ts';
import { sha256, size, text } from './field.ts';
import { fixed } from './fixed.ts';

const candidate = z.union([
  text,
  fixed({
    path: text.describe('File or folder; may lie outside the project.'),
    sha256: z
      .union([sha256, z.record(z.string(), sha256)])
      .optional()
      .describe(
        'A file’s digest as `sha256sum` prints it, or a map of them by path in the folder. Enforced on every use.',
      ),
  }),
]);

export const sourceSchema = fixed({
  paths: z
    .array(candidate)
    .optional()
    .describe('Candidates in order; the first that exists and holds a file is used.'),
  url: z
    .string()
    .regex(/^https?:\/\//, 'a url starts with https:// or http://')
    .optional()
    .describe('Downloaded once, with resume, when no candidate exists. Needs `sha256`.'),
  sha256: sha256
    .optional()
    .describe(
      'Digest of what `url` serves: 64 hexadecimal digits, as `sha256sum FILE` prints. Without `unpack`, paths that have no `sha256` of their own must have it too.',
    ),
  unpack: z.literal('tar.gz').optional().describe('Unpack the download into a folder.'),
  strip: z.string().optional().describe('Folder inside the archive that becomes the source.'),
  limits: fixed({
    size: size.optional().describe('Most bytes of the download, such as `2GB`; default 100 GB.'),
    time: z
      .string()
      .regex(durationPattern, 'a time is a number with ms, s, m, h or d: `12h`')
      .optional()
      .describe(
        'Longest time of the download; default `24h`. A minute without a byte is a break, which is resumed.',
      ),
    unpacked: size
      .optional()
      .describe(
        'Most bytes that the archive may unpack to; default 100 times its own size, at least 256 MiB.',
      ),
  })
    .optional()
    .describe('Bounds of a download.'),
  description: z.string().optional().describe('What it is; shown in the report.'),
});

export type RawSource = z.output<typeof sourceSchema>;
