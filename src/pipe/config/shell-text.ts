/**
 * Where in a shell command each `${…}` of a pipeline file stands. References become shell variables, and how a variable
 * is written depends on the place: as a word of its own, inside double quotes, as a number. In some places no way of
 * writing it is right (single quotes, comments, backticks); those are refused before anything runs.
 *
 * A mistake of this reader can split a word, but never make code of a value: what it writes are references to
 * variables, not values.
 * Long because it is one scanner of the shell's grammar.
 */
import type { TemplatePart } from './template.ts';

export type Placement =
  /** A word or a part of one: `"$v"`. */
  | { readonly kind: 'word' }
  /** Inside double quotes, or in a here-document: `${v}`. */
  | { readonly kind: 'quoted' }
  /** The shell evaluates it: right for a number only. */
  | { readonly kind: 'arithmetic' }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string };

interface Heredoc {
  readonly delimiter: string;
  readonly quoted: boolean;
  /** `<<-`: leading tabs do not count. */
  readonly tabs: boolean;
}

type Frame =
  | {
      readonly kind: 'command';
      /** `case` words that wait for their `esac`: a `)` ends a pattern, not the frame. */
      cases: number;
      readonly pending: Heredoc[];
      wordStart: boolean;
      commandStart: boolean;
      /** Where a `[[` began; -1: in none. */
      test: number;
    }
  | { readonly kind: 'double' | 'single' | 'ansi' | 'backtick' | 'comment' }
  | { readonly kind: 'parameter'; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; depth: number }
  | { readonly kind: 'heredoc'; readonly queue: readonly Heredoc[]; lineStart: boolean };

type CommandFrame = Extract<Frame, { kind: 'command' }>;

const refusals = {
  single: ['stands in single quotes, where the shell fills nothing in', 'use double quotes, or none'],
  ansi: ["stands in $'…', where the shell fills nothing in", 'use double quotes, or none'],
  comment: ['stands in a comment', 'take it out of the comment'],
  backtick: ['stands in backticks, which take quotes away', 'write $(…) for `…`'],
  parameter: [
    'stands inside the shell’s own ${…}',
    'give it a name first: value=${…}, then use $value inside',
  ],
  heredoc: [
    'stands in a here-document whose delimiter is quoted, where the shell fills nothing in',
    'take the quotes off the delimiter',
  ],
  delimiter: ['stands where a here-document says how it ends', 'write a fixed word there'],
  backslash: ['follows a backslash', 'take the backslash away; for a literal ${ write $${'],
} as const;

function refused(name: keyof typeof refusals): Placement {
  const [why, hint] = refusals[name];
  return { kind: 'refused', why, hint };
}

/** One placement per reference in `parts`, in order. Raw references must have been filled in. */
export function placementsIn(parts: readonly TemplatePart[]): readonly Placement[] {
  return new ShellReader(parts).read();
}

/** Words after which another command begins. */
const openers = new Set(['then', 'do', 'else', 'elif', 'if', 'while', 'until', 'in', '!', 'time', '{']);

class ShellReader {
  /** Characters, and in place of a reference its number. */
  readonly #units: readonly (string | number)[];
  readonly #placed: Placement[] = [];
  readonly #stack: Frame[] = [newCommand()];
  #index = 0;

  constructor(parts: readonly TemplatePart[]) {
    let refs = 0;
    this.#units = parts.flatMap((part): (string | number)[] => {
      if (part.kind === 'ref') return [refs++];
      return (part.kind === 'text' ? part.text : part.source).split('');
    });
  }

  read(): readonly Placement[] {
    while (this.#index < this.#units.length) {
      const frame = this.#top;
      const unit = this.#units[this.#index];
      if (frame.kind === 'heredoc' && frame.lineStart && this.#endsHeredoc(frame)) continue;
      if (typeof unit === 'number') {
        this.#placed[unit] = this.#placement();
        if (frame.kind === 'command') after(frame, 'x');
        this.#index++;
      } else if (unit !== undefined) this.#step(frame, unit);
    }
    return this.#placed;
  }

  get #top(): Frame {
    return this.#stack.at(-1) ?? newCommand();
  }

  #step(frame: Frame, unit: string): void {
    switch (frame.kind) {
      case 'command':
        this.#command(frame, unit);
        break;
      case 'single':
        this.#until(unit, "'");
        break;
      case 'ansi':
        if (unit === '\\') this.#escape();
        else this.#until(unit, "'");
        break;
      case 'backtick':
        if (unit === '\\') this.#escape();
        else this.#until(unit, '`');
        break;
      case 'comment':
        // The end of the line belongs to the command.
        if (unit === '\n') this.#stack.pop();
        else this.#index++;
        break;
      case 'double':
        if (!this.#expanding(unit)) this.#until(unit, '"');
        break;
      case 'parameter':
        if (unit === '"') this.#push({ kind: 'double' }, 1);
        else if (unit === "'" && !frame.quoted) this.#push({ kind: 'single' }, 1);
        else if (!this.#expanding(unit)) this.#until(unit, '}');
        break;
      case 'arithmetic':
        this.#arithmetic(frame, unit);
        break;
      case 'heredoc':
        frame.lineStart = unit === '\n';
        if (frame.queue[0]?.quoted || !this.#expanding(unit)) this.#index++;
        break;
    }
  }

  #command(frame: CommandFrame, unit: string): void {
    const next = this.#units[this.#index + 1];
    if (unit === "'") this.#push({ kind: 'single' }, 1);
    else if (unit === '"') this.#push({ kind: 'double' }, 1);
    else if (unit === '$' && (next === "'" || next === '"'))
      this.#push({ kind: next === '"' ? 'double' : 'ansi' }, 2);
    else if (unit === '#' && frame.wordStart) this.#push({ kind: 'comment' }, 1);
    else if (unit === '<' && next === '<') this.#heredoc(frame);
    else if (unit === '(') {
      if (next === '(') this.#push({ kind: 'arithmetic', depth: 0 }, 2);
      else this.#push(newCommand(), 1);
    } else if (unit === ')' && frame.cases === 0) {
      if (this.#stack.length > 1) this.#stack.pop();
      this.#index++;
    } else if (!this.#expanding(unit)) {
      const word = frame.wordStart ? this.#word() : '';
      if (word === '') {
        this.#index++;
        after(frame, unit);
        if (unit === '\n' && frame.pending.length > 0)
          this.#stack.push({ kind: 'heredoc', queue: frame.pending.splice(0), lineStart: true });
        return;
      }
      this.#reserved(frame, word);
      this.#index += word.length;
      return;
    }
    after(frame, unit);
  }

  /** A word as it is written, up to what ends it or must be looked at; '' when there is none here. */
  #word(): string {
    let word = '';
    for (let at = this.#index; ; at++) {
      const unit = this.#units[at];
      if (typeof unit !== 'string' || !/[\w[\]!{}]/.test(unit)) return word;
      word += unit;
    }
  }

  #reserved(frame: CommandFrame, word: string): void {
    const { commandStart } = frame;
    after(frame, 'x');
    if (commandStart && word === 'case') frame.cases++;
    if (commandStart && word === 'esac') frame.cases = Math.max(0, frame.cases - 1);
    if (commandStart && word === '[[') frame.test = this.#index;
    if (word === ']]' && frame.test >= 0) {
      this.#closeTest(frame.test);
      frame.test = -1;
    }
    frame.commandStart = openers.has(word) && (commandStart || word === 'in');
  }

  /** `[[ a -lt b ]]` evaluates both sides, as `((…))` does. */
  #closeTest(start: number): void {
    const units = this.#units.slice(start, this.#index);
    if (
      !/\s-(eq|ne|lt|le|gt|ge)\s/.test(units.map((unit) => (typeof unit === 'number' ? 'x' : unit)).join(''))
    )
      return;
    for (const unit of units)
      if (typeof unit === 'number' && this.#placed[unit]?.kind !== 'refused')
        this.#placed[unit] = { kind: 'arithmetic' };
  }

  #arithmetic(frame: Extract<Frame, { kind: 'arithmetic' }>, unit: string): void {
    if (this.#expanding(unit)) return;
    if (unit === '"') {
      this.#push({ kind: 'double' }, 1);
      return;
    }
    this.#index++;
    if (unit === '(') frame.depth++;
    if (unit !== ')') return;
    if (frame.depth > 0) frame.depth--;
    else {
      this.#stack.pop();
      if (this.#units[this.#index] === ')') this.#index++;
    }
  }

  /** What is read alike wherever the shell fills in variables; false: nothing of that is here. */
  #expanding(unit: string): boolean {
    const [next, second] = this.#units.slice(this.#index + 1, this.#index + 3);
    if (unit === '\\') this.#escape();
    else if (unit === '`') this.#push({ kind: 'backtick' }, 1);
    else if (unit === '$' && next === '(' && second === '(') this.#push({ kind: 'arithmetic', depth: 0 }, 3);
    else if (unit === '$' && next === '(') this.#push(newCommand(), 2);
    else if (unit === '$' && next === '{')
      this.#push({ kind: 'parameter', quoted: this.#top.kind !== 'command' }, 2);
    else return false;
    return true;
  }

  #escape(): void {
    const next = this.#units[this.#index + 1];
    if (typeof next === 'number') this.#placed[next] = refused('backslash');
    this.#index += 2;
  }

  #until(unit: string, end: string): void {
    this.#index++;
    if (unit === end) this.#stack.pop();
  }

  #push(frame: Frame, length: number): void {
    this.#stack.push(frame);
    this.#index += length;
  }

  #heredoc(frame: CommandFrame): void {
    this.#index += 2;
    if (this.#units[this.#index] === '<') {
      this.#index++;
      return;
    }
    const tabs = this.#units[this.#index] === '-';
    if (tabs) this.#index++;
    while (this.#units[this.#index] === ' ' || this.#units[this.#index] === '\t') this.#index++;
    let delimiter = '';
    let quoted = false;
    let quote = '';
    for (; this.#index < this.#units.length; this.#index++) {
      const unit = this.#units[this.#index];
      if (typeof unit === 'number') {
        this.#placed[unit] = refused('delimiter');
      } else if (unit === quote) quote = '';
      else if (quote === '' && (unit === "'" || unit === '"')) [quoted, quote] = [true, unit];
      else if (quote === '' && unit === '\\') quoted = true;
      else if (quote === '' && unit !== undefined && /[\s;&|<>()]/.test(unit)) break;
      else delimiter += unit;
    }
    frame.pending.push({ delimiter, quoted, tabs });
  }

  /** Steps over the line that ends the here-document, when this is it. */
  #endsHeredoc(frame: Extract<Frame, { kind: 'heredoc' }>): boolean {
    const [here, ...queue] = frame.queue;
    let line = '';
    let end = this.#index;
    for (; end < this.#units.length && this.#units[end] !== '\n'; end++) line += this.#units[end];
    if (here === undefined || (here.tabs ? line.replace(/^\t+/, '') : line) !== here.delimiter) {
      frame.lineStart = false;
      return false;
    }
    this.#index = end + 1;
    this.#stack.pop();
    if (queue.length > 0) this.#stack.push({ kind: 'heredoc', queue, lineStart: true });
    return true;
  }

  /** What a reference here is, by the frames up to the command it belongs to. */
  #placement(): Placement {
    const above = this.#stack.slice(this.#stack.findLastIndex((frame) => frame.kind === 'command') + 1);
    for (const { kind } of above)
      if (
        kind === 'single' ||
        kind === 'ansi' ||
        kind === 'comment' ||
        kind === 'backtick' ||
        kind === 'parameter'
      )
        return refused(kind);
    const top = this.#top;
    if (above.some(({ kind }) => kind === 'arithmetic')) return { kind: 'arithmetic' };
    if (top.kind === 'heredoc' && top.queue[0]?.quoted) return refused('heredoc');
    return { kind: above.length === 0 ? 'word' : 'quoted' };
  }
}

function newCommand(): CommandFrame {
  return { kind: 'command', cases: 0, pending: [], wordStart: true, commandStart: true, test: -1 };
}

/** What `unit` means for what comes next. */
function after(frame: CommandFrame, unit: string): void {
  frame.wordStart = /[\s;&|()<>]/.test(unit);
  if (/[\n;&|()]/.test(unit)) frame.commandStart = true;
  else if (!/\s/.test(unit)) frame.commandStart = false;
}
