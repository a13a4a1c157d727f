/** What decides a cell's outs by what runs: a module's traced code, or a command's text. */
import type { Sha256 } from '../../lib/sha256.ts';

export type CodeFingerprint =
  | {
      readonly kind: 'module';
      readonly file: string;
      readonly bundle: Sha256;
      /** Source file → digest of what the bundle took from it (comments and unused code gone): names the file in `why`. */
      readonly files: Readonly<Record<string, Sha256>>;
      /** Source file → the file that imports it (shortest chain to the entry). Not part of the key. */
      readonly importedBy: Readonly<Record<string, string>>;
      /** External package → version. */
      readonly packages: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'command'; readonly command: string };
