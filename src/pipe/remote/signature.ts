/** Ed25519 signatures of shared results. A signature says who vouches for an entry, not that what it says is true. */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';

/** Before what is signed, so that a signature made for something else is none of a result. */
const purpose = 'pipe-result 1\n';

export interface EntrySignature {
  /** Public key, base64 of its DER form. */
  readonly by: string;
  /** Base64. */
  readonly ed25519: string;
}

export class Signer {
  readonly #key: KeyObject;
  readonly by: string;

  /** `secret`: PEM, or the base64 of a key in PKCS #8 form. @throws Error without a word of the key */
  constructor(secret: string) {
    this.#key = privateKey(secret);
    const { asymmetricKeyType } = this.#key;
    if (asymmetricKeyType !== 'ed25519')
      throw new Error(`it is a key of kind ${asymmetricKeyType ?? 'unknown'}, not Ed25519`);
    this.by = createPublicKey(this.#key).export({ type: 'spki', format: 'der' }).toString('base64');
  }

  sign(body: string): EntrySignature {
    return { by: this.by, ed25519: signBytes(null, message(body), this.#key).toString('base64') };
  }
}

export class Trust {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** Public keys, base64 of their DER form. */
  constructor(keys: readonly string[]) {
    this.#keys = new Map(
      keys.map((key) => [
        key,
        createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' }),
      ]),
    );
  }

  /** Whether a signature is looked at. */
  get asks(): boolean {
    return this.#keys.size > 0;
  }

  /** Whether one of the trusted keys signed `body`. */
  believes(body: string, signature: EntrySignature | null): boolean {
    const key = signature === null ? undefined : this.#keys.get(signature.by);
    if (signature === null || key === undefined) return false;
    return verifyBytes(null, message(body), key, Buffer.from(signature.ed25519, 'base64'));
  }
}

function privateKey(secret: string): KeyObject {
  const text = secret.trim();
  try {
    return text.startsWith('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    throw new Error('it is neither a private key in PEM form nor the base64 of one in PKCS #8 form');
  }
}

function message(body: string): Buffer {
  return Buffer.from(`${purpose}${body}`);
}
