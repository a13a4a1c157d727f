// The search of the site: in the browser, over all sections of all pages.

import MiniSearch from 'minisearch';

const shownMost = 12;
const up = document.documentElement.dataset.up ?? '.';
const input = /** @type {HTMLInputElement} */ (document.getElementById('search'));
const results = /** @type {HTMLUListElement} */ (document.getElementById('results'));

/** @type {MiniSearch | null} */
let index = null;

/** Made when somebody searches: a reader who does not pays nothing. */
function search(/** @type {string} */ text) {
  if (index === null) {
    index = new MiniSearch({
      fields: ['title', 'page', 'text'],
      storeFields: ['title', 'page'],
      // Names such as `cell-metric` and `pipeline.yaml` are found whole and in part.
      tokenize: (words) => {
        const whole = words.split(/[\s,;:()[\]{}'"`|]+/);
        return [
          ...whole,
          ...whole.flatMap((word) => (/[-._/]/.test(word) ? word.split(/[-._/]+/) : [])),
        ].filter((word) => word !== '');
      },
      searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
    });
    index.addAll(/** @type {any} */ (globalThis).pipeDocs);
  }
  return index.search(text).slice(0, shownMost);
}

input.addEventListener('input', () => {
  const text = input.value.trim();
  results.replaceChildren();
  results.hidden = text === '';
  if (text === '') return;
  const found = search(text);
  for (const { id, title, page } of found) {
    const link = document.createElement('a');
    link.href = `${up}/${id}`;
    link.textContent = title;
    const item = document.createElement('li');
    item.append(link);
    if (page !== title) {
      const where = document.createElement('span');
      where.textContent = ` ${page}`;
      item.append(where);
    }
    results.append(item);
  }
  if (found.length > 0) return;
  const none = document.createElement('li');
  none.textContent = 'Nothing found.';
  results.append(none);
});

document.addEventListener('keydown', (event) => {
  const links = [...results.querySelectorAll('a')];
  const at = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
  if (event.key === '/' && document.activeElement === document.body) {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'Escape') {
    input.value = '';
    results.hidden = true;
  } else if (!results.hidden && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    const next = at + (event.key === 'ArrowDown' ? 1 : -1);
    (links[next] ?? input).focus();
  } else if (event.key === 'Enter' && document.activeElement === input) links[0]?.click();
});

// A wide screen has room for the list of pages; a narrow one unfolds it.
const menu = /** @type {HTMLDetailsElement} */ (document.querySelector('.menu'));
menu.open = matchMedia('(min-width: 900px)').matches;
