/**
 * Takes the values of variables under `pass` out of everything that outlives an attempt: events, messages, logs, what a
 * probe printed. The only place where that is done.
 */
import type { Json } from '../../lib/json.ts';
import type { EnvDoc } from '../config/document.ts';

/** Shorter values stand in any text: hiding every `1` would make logs unreadable and hide nothing. */
const shortest = 4;
/** Of an encoded form: a shorter run of letters is likely to be something else. */
const shortestEncoded = 8;
const mark = '***';

type Variables = Readonly<Record<string, string | undefined>>;

export function secretsOf(env: EnvDoc, caller: Variables): readonly string[] {
  return [...new Set(env.pass.map((name) => caller[name] ?? ''))].filter((value) => value.length >= shortest);
}

export class Masker {
  /** Every way in which a secret is looked for, longest first, so that a value that holds another is hidden whole. */
  readonly #forms: readonly string[];
  /** The same as bytes, one per character. */
  readonly #bytes: readonly string[];

  constructor(secrets: Iterable<string>) {
    this.#forms = longestFirst([...secrets].flatMap(formsOf));
    this.#bytes = longestFirst(this.#forms.map((form) => Buffer.from(form).toString('latin1')));
  }

  /** Nothing is secret: every answer is what was asked about. */
  get idle(): boolean {
    return this.#forms.length === 0;
  }

  text(text: string): string {
    return masked(text, this.#forms);
  }

  /** Every string in a value, names of fields too; `except`: fields whose values stay. */
  json<Value extends Json>(value: Value, except: ReadonlySet<string> = new Set()): Value {
    if (this.idle) return value;
    return this.#json(value, except) as Value;
  }

  #json(value: Json, except: ReadonlySet<string>): Json {
    if (typeof value === 'string') return this.text(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.#json(item, except));
    const fields = Object.entries(value).map(([name, item]) =>
      except.has(name) ? [name, item] : [this.text(name), this.#json(item, except)],
    );
    return Object.fromEntries(fields);
  }

  /** Masks bytes as they come. What may be the beginning of a secret waits for the next piece. */
  stream(): { push(chunk: Buffer): Buffer; end(): Buffer } {
    let rest = '';
    const take = (all: string, held: number): Buffer => {
      const cut = all.length - held;
      rest = all.slice(cut);
      return Buffer.from(all.slice(0, cut), 'latin1');
    };
    return {
      push: (chunk) => {
        const all = masked(rest + chunk.toString('latin1'), this.#bytes);
        return take(all, this.#begun(all));
      },
      end: () => take(rest, 0),
    };
  }

  /** How many characters at the end of `text` could go on to be a secret. */
  #begun(text: string): number {
    let most = 0;
    for (const form of this.#bytes) {
      for (let length = Math.min(form.length - 1, text.length); length > most; length--)
        if (text.endsWith(form.slice(0, length))) most = length;
    }
    return most;
  }
}

function masked(text: string, forms: readonly string[]): string {
  return forms.reduce(
    (result, form) => (result.includes(form) ? result.replaceAll(form, mark) : result),
    text,
  );
}

/** A value, its lines, and how they look in JSON, in an address and in base64. */
function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.trim().length >= shortest);
  return [secret, ...lines].flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    encoded(() => encodeURIComponent(value)),
    encoded(() => encodeURIComponent(value).replaceAll('%20', '+')),
    ...base64Forms(Buffer.from(value)),
  ]);
}

/** A lone surrogate has no encoding: the value itself stands for it. */
function encoded(encode: () => string): string {
  try {
    return encode();
  } catch {
    return '';
  }
}

/** Base64 of a longer text that holds the bytes: three, by where they begin; what its neighbours decide is cut off. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
    const tail = whole.length % 3;
    const from = [0, 2, 3][offset] ?? 0;
    const text = whole.toString('base64').replaceAll('=', '');
    const form = text.slice(from, tail === 0 ? undefined : -1);
    if (form.length < shortestEncoded) return [];
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function longestFirst(forms: readonly string[]): readonly string[] {
  return [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
}
