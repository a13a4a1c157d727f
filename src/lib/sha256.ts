/** Digests by their one spelling: 64 lower-case hexadecimal digits. */
import { createHash } from 'node:crypto';

export type Sha256 = string & { readonly __brand: 'Sha256' };

export function sha256Of(data: string | Uint8Array): Sha256 {
  return createHash('sha256').update(data).digest('hex') as Sha256;
}

export function isSha256(value: unknown): value is Sha256 {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
