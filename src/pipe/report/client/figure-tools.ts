/** The buttons of a figure: explore it, or save its picture, its numbers and its specification. */
import { make, makeButton } from './dom.ts';
import { canExplore, explore } from './explore.ts';
import { canUnpack, heldFigure } from './held.ts';

/** `onExplore`: called whenever the picture and Vega's view change places. */
export function addTools(figure: HTMLElement, onExplore: () => void): void {
  const name = figure.dataset.figure ?? '';
  const title = figure.querySelector('h4')?.textContent ?? '';
  const tools = make('div', '', { class: 'tools' });
  if (canExplore(name)) {
    const toggle = makeButton('Explore', () => {
      onExplore();
      void explore(figure, toggle);
    });
    toggle.title = 'Drag to move, wheel to zoom, double-click to go back, click the legend to pick';
    tools.append(toggle);
  }
  const svg = figure.querySelector('svg.plot');
  if (svg)
    tools.append(
      makeButton('SVG', () => save(`${name}.svg`, 'image/svg+xml', standAlone(svg)), `SVG of ${title}`),
    );
  if (canUnpack && figure.querySelector('.numbers'))
    tools.append(makeButton('CSV', () => void saveNumbers(name), `CSV of ${title}`));
  if (canUnpack) tools.append(makeButton('Spec', () => void saveSpec(name), `Spec of ${title}`));
  figure.append(tools);
}

async function saveNumbers(name: string): Promise<void> {
  const { csv } = await heldFigure(name);
  save(`${name}.csv`, 'text/csv', csv ?? '');
}

async function saveSpec(name: string): Promise<void> {
  const { spec } = await heldFigure(name);
  save(`${name}.vl.json`, 'application/json', JSON.stringify(spec, null, 2));
}

function save(name: string, type: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type }));
  make('a', '', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

/** An SVG as a file of its own must name its namespace. */
function standAlone(svg: Element): string {
  const copy = svg.cloneNode(true) as Element;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(copy);
}
