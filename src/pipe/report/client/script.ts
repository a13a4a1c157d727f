/**
 * The page's script: theme, sorting, filtering, descriptions of marks under the pointer and by arrow keys, downloads.
 * The page says everything without it. It is a string because it runs in the browser, under a policy that allows
 * exactly this text.
 */
export const pageScript = String.raw`'use strict';
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  // Theme: the system's until the reader chooses. Storage may be forbidden for a file.
  const store = {
    get() { try { return localStorage.getItem('report-theme'); } catch { return null; } },
    set(value) { try { localStorage.setItem('report-theme', value); } catch {} },
  };
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const toggle = make('button', '', { class: 'theme', type: 'button' });
  const label = () => { toggle.textContent = isDark() ? 'Light' : 'Dark'; toggle.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours'); };
  if (store.get()) root.dataset.theme = store.get();
  toggle.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; store.set(root.dataset.theme); label(); });
  label();
  document.querySelector('.wrap').append(toggle);

  // Sorting: by data-v where there is one, else by number, else by text. Missing values stay last.
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim();
    const number = Number(text.replace('−', '-'));
    return text === '' || text === '–' ? null : Number.isFinite(number) ? number : text;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
    return order * sign;
  };
  const sortable = (table) => {
    if (table.tBodies[0].rows.length < 2) return;
    all('thead th', table).forEach((th, column) => {
      const button = make('button', '', { type: 'button' });
      button.append(...th.childNodes);
      th.append(button);
      button.addEventListener('click', () => {
        const descending = th.getAttribute('aria-sort') === 'ascending';
        all('thead th', table).forEach((other) => other.removeAttribute('aria-sort'));
        th.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
        const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
        rows.sort((a, b) => compare(a[0], b[0], descending ? -1 : 1));
        table.tBodies[0].append(...rows.map(([, row]) => row));
      });
    });
  };
  all('table.sortable').forEach(sortable);

  all('table.filtered').forEach((table) => {
    const input = make('input', '', { class: 'filter', type: 'search', placeholder: 'Filter, e.g. failed or train[', 'aria-label': 'Filter cells' });
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/);
      for (const row of table.tBodies[0].rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    });
    table.closest('.scroll').before(input);
  });

  // Descriptions of marks: under the pointer, or by arrow keys in a focused drawing.
  const tip = make('div', '', { class: 'tip', role: 'status' });
  tip.hidden = true;
  document.body.append(tip);
  let on = null;
  const described = (mark) => {
    const parts = (mark.dataset.l ?? mark.getAttribute('aria-label')).split('; ');
    const fields = mark.parentNode.dataset.f?.split('; ');
    return parts.map((part, i) => fields ? fields[i] + ': ' + part : part).join('\n');
  };
  const show = (mark, x, y) => {
    if (on !== mark) { on?.classList.remove('on'); on = mark; mark.classList.add('on'); tip.textContent = described(mark); }
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - width - 8)) + 'px';
    tip.style.top = (y + 18 + height > innerHeight ? y - height - 10 : y + 18) + 'px';
  };
  const hide = () => { on?.classList.remove('on'); on = null; tip.hidden = true; };
  document.addEventListener('pointermove', (event) => {
    const mark = event.target.closest?.('[data-l], .live [role=graphics-symbol][aria-label]:not([aria-roledescription=legend], [aria-roledescription=axis])');
    if (mark) show(mark, event.clientX, event.clientY); else if (on) hide();
  });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  all('.canvas').forEach((canvas) => {
    canvas.addEventListener('blur', hide);
    canvas.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      const marks = step ? all('[data-l]', canvas) : [];
      if (!marks.length) return;
      event.preventDefault();
      const next = marks[(marks.indexOf(on) + step + marks.length) % marks.length];
      next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const box = next.getBoundingClientRect();
      show(next, box.x + box.width / 2, box.y + box.height / 2);
    });
  });

  // Downloads from what the page holds.
  const save = (name, type, text) => {
    const link = make('a', '', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const button = (text, label, action) => {
    const element = make('button', text, { type: 'button', 'aria-label': label });
    element.addEventListener('click', action);
    return element;
  };
  const plain = (svg) => {
    const copy = svg.cloneNode(true);
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    return new XMLSerializer().serializeToString(copy);
  };

  // What the page holds compressed: each figure's specification, numbers and compiled form.
  const canUnpack = typeof DecompressionStream === 'function';
  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
  };
  let unpacked = null;
  const figureData = async (name) => (await (unpacked ??= unpack('figure-data').then(JSON.parse)))[name];

  // Interaction, started by the first reader who asks for it: the runtime runs as an inline script whose digest the
  // policy names, so neither eval nor blob scripts need to be allowed.
  const liveNames = JSON.parse(document.getElementById('live-runtime')?.dataset.names ?? '[]');
  let started = null;
  const start = () => started ??= unpack('live-runtime').then((runtime) => { document.body.append(make('script', runtime)); });
  const liveSpec = async (name) => {
    const { live, spec } = await figureData(name);
    const values = (entry) => entry.values?.$from ? { ...entry, values: entry.values.$from.reduce((at, key) => at[key], spec) } : entry;
    return structuredClone({ ...live, data: live.data?.map(values) });
  };
  const explore = async (figure, button) => {
    const fit = figure.querySelector('.fit');
    const old = fit.querySelector('.live');
    hide();
    figure.classList.toggle('exploring', !old);
    button.textContent = old ? 'Explore' : 'Still';
    if (old) { old.view?.finalize(); old.remove(); return; }
    const host = make('div', '', { class: 'live plot' });
    fit.append(host);
    await start();
    host.view = window.pipeVega(await liveSpec(figure.dataset.figure), { container: host, hover: true });
    host.view.tooltip(() => {});
    await host.view.runAsync();
    figure.dispatchEvent(new CustomEvent('explored'));
  };

  all('figure').forEach((figure) => {
    const name = figure.dataset.figure;
    const title = figure.querySelector('h4');
    const tools = make('div', '', { class: 'tools' });
    const svg = figure.querySelector('svg.plot');
    if (canUnpack && liveNames.includes(name)) {
      const toggle = button('Explore', '', () => explore(figure, toggle));
      toggle.removeAttribute('aria-label');
      toggle.title = 'Drag to move, wheel to zoom, double-click to go back, click the legend to pick';
      tools.append(toggle);
    }
    if (svg) tools.append(button('SVG', 'SVG of ' + title.textContent, () => save(name + '.svg', 'image/svg+xml', plain(svg))));
    if (canUnpack && figure.querySelector('.numbers')) tools.append(button('CSV', 'CSV of ' + title.textContent, () => figureData(name).then(({ csv }) => save(name + '.csv', 'text/csv', csv))));
    if (canUnpack) tools.append(button('Spec', 'Spec of ' + title.textContent, () => figureData(name).then(({ spec }) => save(name + '.vl.json', 'application/json', JSON.stringify(spec, null, 2)))));
    figure.append(tools);
  });

  // Where the reader is.
  const links = new Map(all('nav a').map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) links.get(target.id)?.classList.toggle('here', isIntersecting);
  }, { rootMargin: '-20% 0px -70% 0px' });
  for (const id of links.keys()) { const target = document.getElementById(id); if (target) watch.observe(target); }

  // Paper cannot be unfolded.
  addEventListener('beforeprint', () => all('details').forEach((details) => { details.open = true; }));
})();
`;
