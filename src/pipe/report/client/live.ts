/** The live page's script: puts the parts that the server sends into their places, and follows the log that a reader chose. */
import { all } from './dom.ts';
import { addThemeButton } from './theme.ts';

/** Characters of a log that stay in the page. */
const logKept = 200_000;
const logEveryMs = 1_000;

addThemeButton();
showButtons(document);
follow();

function follow(): void {
  const events = new EventSource('events');
  const link = document.getElementById('link');
  const say = (text: string): void => {
    if (link) link.textContent = text;
  };
  events.addEventListener('open', () => say('· connected'));
  events.addEventListener('error', () => say('· the connection is lost; this is how it last was'));
  events.addEventListener('part', (event) => {
    const { name, text } = JSON.parse(event.data) as { readonly name: string; readonly text: string };
    const part = document.getElementById(`part-${name}`);
    if (part) replace(part, text);
  });
  events.addEventListener('end', () => {
    events.close();
    say('· ended');
  });
}

/** Focus and the place to which a table was scrolled stay. */
function replace(part: HTMLElement, text: string): void {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && part.contains(focused) ? keyOf(focused) : null;
  const scrolled = all('.scroll', part).map(({ scrollLeft }) => scrollLeft);
  part.innerHTML = text;
  showButtons(part);
  for (const [i, table] of all('.scroll', part).entries()) table.scrollLeft = scrolled[i] ?? 0;
  if (key !== null)
    all('[data-key], [aria-label]', part)
      .find((one) => keyOf(one) === key)
      ?.focus();
}

function keyOf(element: HTMLElement): string | null {
  return element.dataset.key ?? element.getAttribute('aria-label');
}

function showButtons(within: ParentNode): void {
  for (const button of all<HTMLButtonElement>('button[data-log]', within)) button.hidden = false;
}

let followed: { readonly cell: string; next: number; readonly timer: number } | null = null;

document.addEventListener('click', ({ target }) => {
  const button =
    target instanceof Element ? target.closest<HTMLElement>('button[data-log], #log-close') : null;
  if (button === null) return;
  stopLog();
  const { log } = button.dataset;
  if (log !== undefined) openLog(log);
});

function stopLog(): void {
  if (followed) clearInterval(followed.timer);
  followed = null;
  const section = document.getElementById('log');
  if (section) section.hidden = true;
}

function openLog(cell: string): void {
  const [section, name, text] = ['log', 'log-cell', 'log-text'].map((id) => document.getElementById(id));
  if (!section || !name || !text) return;
  name.textContent = cell;
  text.textContent = '';
  section.hidden = false;
  section.scrollIntoView({ block: 'nearest' });
  followed = { cell, next: 0, timer: setInterval(() => void readLog(text), logEveryMs) };
  void readLog(text);
}

async function readLog(text: HTMLElement): Promise<void> {
  const now = followed;
  if (!now) return;
  const answer = await fetch(`log?cell=${encodeURIComponent(now.cell)}&from=${now.next}`).catch(() => null);
  if (!answer?.ok || followed !== now) return;
  const { text: more, next } = (await answer.json()) as { readonly text: string; readonly next: number };
  if (more === '') return;
  const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
  // A log that begins anew is that of another attempt.
  text.textContent = (next < now.next ? more : (text.textContent ?? '') + more).slice(-logKept);
  now.next = next;
  if (atEnd) text.scrollTop = text.scrollHeight;
}
