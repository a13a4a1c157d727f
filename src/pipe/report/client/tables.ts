/** Tables that sort by a click on a column's head, fold groups of columns, and one that can be filtered. */
import { all, make, makeButton } from './dom.ts';

export function makeSortable(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) return;
  const heads = all('thead th', table);
  heads.forEach((head, column) => {
    const button = make('button', '', { type: 'button' });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const descending = head.getAttribute('aria-sort') === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      const rows = [...body.rows].map((row) => ({ row, value: cellValue(row, column) }));
      rows.sort((a, b) => compare(a.value, b.value, descending ? -1 : 1));
      body.append(...rows.map(({ row }) => row));
    });
  });
}

type Value = number | string | null;

/** By `data-v` where there is one, else a number, else a text; null: the cell is empty. */
function cellValue(row: HTMLTableRowElement, column: number): Value {
  const cell = row.cells[column];
  const text = cell?.dataset.v ?? cell?.textContent.trim() ?? '';
  if (text === '' || text === '–') return null;
  const number = Number(text.replace('−', '-'));
  return Number.isFinite(number) ? number : text;
}

/** What is missing comes last, whichever the direction. */
function compare(a: Value, b: Value, sign: 1 | -1): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true });
  return order * sign;
}

/** A button per group of columns above the table: its columns are shown when it is pressed. */
export function foldGroups(table: HTMLTableElement): void {
  const heads = all('thead th[data-group]', table);
  const names = [...new Set(heads.flatMap(({ dataset }) => dataset.group ?? []))];
  if (names.length === 0) return;
  const bar = make('div', '', { class: 'groups', role: 'group', 'aria-label': 'Further columns' });
  for (const name of names) {
    const cells = all('[data-group]', table).filter(({ dataset }) => dataset.group === name);
    const count = heads.filter(({ dataset }) => dataset.group === name).length;
    const show = (open: boolean): void => {
      for (const cell of cells) cell.hidden = !open;
      button.setAttribute('aria-pressed', String(open));
    };
    const button = makeButton(`${name} (${count})`, () =>
      show(button.getAttribute('aria-pressed') !== 'true'),
    );
    show(false);
    // A print has room for none of these buttons, and the reader of one cannot press them.
    addEventListener('beforeprint', () => show(true));
    bar.append(button);
  }
  table.closest('.scroll')?.before(bar);
}

export function addFilter(table: HTMLTableElement): void {
  const input = make('input', '', {
    class: 'filter',
    type: 'search',
    placeholder: 'Filter, e.g. failed or train[',
    'aria-label': 'Filter cells',
  });
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of table.tBodies[0]?.rows ?? []) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  table.closest('.scroll')?.before(input);
}
