/** What decides a cell's outs by what runs: a module's traced code, or a command's text. */
import type { Json } from '../../lib/json.ts';
import type { Sha256 } from '../../lib/sha256.ts';

/** Code that was traced. */
export interface TracedCode {
  readonly bundle: Sha256;
  /** Source file → digest of what the bundle took from it (comments and unused code gone): names the file in `why`. */
  readonly files: Readonly<Record<string, Sha256>>;
  /** Source file → the file that imports it (shortest chain to the entry). Not part of the key. */
  readonly importedBy: Readonly<Record<string, string>>;
  /** Source file → lines of what it consists of, each with the begin of a digest: names the function in `why`. Not part of the key. */
  readonly parts?: Readonly<Record<string, string>>;
  /** External package → version. */
  readonly packages: Readonly<Record<string, string>>;
}

export type CodeFingerprint =
  | ({ readonly kind: 'module'; readonly file: string } & TracedCode)
  | {
      readonly kind: 'command';
      /** As it is in the file: references stay, their values are beside it. */
      readonly command: string;
      /** What reads it: the same text fails in another place under another shell. */
      readonly shell: string;
      /** Values of the references to anything that is not in the fingerprint already. */
      readonly values: Readonly<Record<string, Json>>;
      /** The code that the stage names; left out: none. */
      readonly traced?: TracedCode;
    };
