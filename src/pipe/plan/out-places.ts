import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import type { PipelineDocument } from '../config/document.ts';
import type { Cell, CellId } from './graph.ts';

export function checkPlaces(cells: Iterable<Cell>, document: PipelineDocument, report: Report): void {
  const all = [...cells];
  const places = new Map<string, { cell: CellId; stage: string; out: string }>();
  for (const cell of all) {
    for (const out of cell.outs) {
      if (out.place === null) continue;
      const other = places.get(out.place);
      if (other?.cell === cell.id || (other && other.stage !== cell.stage)) {
        report(
          'duplicate-out',
          out.at,
          `\`${out.place}\` is also where out \`${other.out}\` of \`${other.stage}\` is placed`,
          'give each out a place of its own',
        );
      } else if (other) {
        const axes = Object.keys(cell.axes).map((axis) => `\${${axis}}`);
        const message = `${other.cell} and ${cell.id} would both be placed at \`${out.place}\``;
        report('duplicate-out', out.at, message, `put the axes into the place: ${axes.join(', ')}`);
      } else places.set(out.place, { cell: cell.id, stage: cell.stage, out: out.name });
    }
  }
  if (places.size === 0) return;
  for (const cell of all) {
    for (const out of cell.outs) {
      const outer =
        out.place === null ? undefined : ancestors(out.place).find((folder) => places.has(folder));
      if (outer === undefined) continue;
      const message = `\`${out.place}\` lies in \`${outer}\`, where ${places.get(outer)?.cell} is placed`;
      report('duplicate-out', out.at, message, 'place them side by side');
    }
    checkInputs(cell, document, places, report);
  }
  checkPipelineFile(all, document, report);
}

/** A stage that reads a placed out by its path would have to wait for nobody. */
function checkInputs(
  cell: Cell,
  document: PipelineDocument,
  places: ReadonlyMap<string, { stage: string; out: string }>,
  report: Report,
): void {
  const inputs = cell.deps.flatMap((dep) => (dep.kind === 'path' ? [dep] : []));
  for (const { name, path } of inputs) {
    const placed = [path, ...ancestors(path)].map((one) => places.get(one)).find((one) => one !== undefined);
    if (!placed) continue;
    const at = document.stages.get(cell.stage)?.deps.find((dep) => dep.name === name)?.at;
    const message = `\`${path}\` is made by stage \`${placed.stage}\``;
    if (at) report('dep-on-place', at, message, `name the out: ${placed.stage}.${placed.out}`);
  }
  if (cell.run.kind !== 'module') return;
  const { file, at } = cell.run;
  const over = [file, ...ancestors(file)].find((one) => places.has(one));
  if (over !== undefined) report('place-over-input', at, `an out is placed over the module \`${file}\``);
}

function checkPipelineFile(cells: readonly Cell[], document: PipelineDocument, report: Report): void {
  const inputs = new Set<string>([document.file, 'package.json']);
  for (const cell of cells) {
    if (cell.run.kind === 'module') inputs.add(cell.run.file);
    for (const dep of cell.deps) if (dep.kind === 'path') inputs.add(dep.path);
  }
  const covered = new Map<string, string>();
  for (const input of inputs) for (const folder of [input, ...ancestors(input)]) covered.set(folder, input);
  for (const cell of cells) {
    for (const out of cell.outs) {
      const input = out.place === null ? undefined : covered.get(out.place);
      if (input === undefined) continue;
      report(
        'place-over-input',
        out.at,
        `placing out \`${out.name}\` at \`${out.place}\` would replace \`${input}\``,
        'choose another place',
      );
    }
  }
}

/** Folders above a normal path, nearest first. */
function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1))
    folders.push(path.slice(0, cut));
  return folders;
}
