/** A terminal as a grid of lines: knows the few codes that the live screen uses, and fails on any other. */
export class VirtualTerminal {
  columns: number;
  rows: number;
  /** Every write, as it came. */
  readonly writes: string[] = [];
  cursorHidden = false;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 100, rows = 30) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.writes.push(text);
    const token = /\x1b\[(\?25[lh]|\d*A|0J|[\d;]*m)|[\s\S]/gu;
    for (const [whole, code] of text.matchAll(token)) {
      if (code === undefined) this.#put(whole);
      else if (code === '?25l' || code === '?25h') this.cursorHidden = code.endsWith('l');
      else if (code.endsWith('A')) this.#row = Math.max(0, this.#row - Number(code.slice(0, -1) || 1));
      else if (code === '0J') {
        this.#lines.length = this.#row + 1;
        this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
      }
    }
  }

  /** What is to be seen, without empty lines at the end. */
  get lines(): readonly string[] {
    const lines = this.#lines.map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #put(character: string): void {
    if (character === '\x1b') throw new Error('a code that this terminal does not know');
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#newLine();
    else {
      if (this.#column >= this.columns) this.#newLine();
      const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
      this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
      this.#column++;
    }
  }

  #newLine(): void {
    this.#row++;
    this.#column = 0;
    while (this.#lines.length <= this.#row) this.#lines.push('');
  }
}
