/** What a figure's mark stands for: under the pointer, or by arrow keys in a drawing that has the focus. */
import { all, make } from './dom.ts';

const described =
  '[data-l], .live [role=graphics-symbol][aria-label]:not([aria-roledescription=legend], [aria-roledescription=axis])';

export class Descriptions {
  readonly #tip = make('div', '', { class: 'tip', role: 'status' });
  /** The mark that is described now. */
  #on: Element | null = null;

  constructor() {
    this.#tip.hidden = true;
    document.body.append(this.#tip);
    document.addEventListener('pointermove', (event) => {
      const mark = event.target instanceof Element ? event.target.closest(described) : null;
      if (mark) this.#show(mark, event.clientX, event.clientY);
      else if (this.#on) this.hide();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.hide();
    });
    for (const canvas of all('.canvas')) {
      canvas.addEventListener('blur', () => this.hide());
      canvas.addEventListener('keydown', (event) => this.#step(canvas, event));
    }
  }

  hide(): void {
    this.#on?.classList.remove('on');
    this.#on = null;
    this.#tip.hidden = true;
  }

  #step(canvas: Element, event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const marks = step === 0 ? [] : all<Element>('[data-l]', canvas);
    const now = this.#on === null ? -1 : marks.indexOf(this.#on);
    const next = marks[(now + step + marks.length) % marks.length];
    if (!next) return;
    event.preventDefault();
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const box = next.getBoundingClientRect();
    this.#show(next, box.x + box.width / 2, box.y + box.height / 2);
  }

  #show(mark: Element, x: number, y: number): void {
    if (this.#on !== mark) {
      this.#on?.classList.remove('on');
      this.#on = mark;
      mark.classList.add('on');
      this.#tip.textContent = textOf(mark);
    }
    this.#tip.hidden = false;
    const { width, height } = this.#tip.getBoundingClientRect();
    this.#tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
    this.#tip.style.top = `${y + 18 + height > innerHeight ? y - height - 10 : y + 18}px`;
  }
}

/** A line per field. Marks of one group have their fields' names at the group, and only values of their own. */
function textOf(mark: Element): string {
  const parts = (mark.getAttribute('data-l') ?? mark.getAttribute('aria-label') ?? '').split('; ');
  const fields = mark.parentElement?.getAttribute('data-f')?.split('; ');
  return parts.map((part, i) => (fields ? `${fields[i]}: ${part}` : part)).join('\n');
}
