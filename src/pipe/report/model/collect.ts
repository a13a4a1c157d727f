/** Gathers a report from what a run left: its events, the cells' current outs and fingerprints, and the marked outs. */
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { relative, sep } from 'node:path';
import { bytesText } from '../../../lib/format.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { SourceDoc } from '../../config/document.ts';
import type { Fingerprint } from '../../key/fingerprint.ts';
import type { Cell, Graph } from '../../plan/graph.ts';
import { isInPlace } from '../../run/cell-state.ts';
import type { CellState } from '../../run/event.ts';
import { runCommand } from '../../run/rerun.ts';
import { version } from '../../version.ts';
import type { Provenance, ReportCell, ReportInput, ReportRun, ReportSource } from './input.ts';
import { type MarkedOut, readMarks } from './read-marks.ts';
import { latestRun, untold } from './run-record.ts';

export interface CollectOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  /** Folder of runs, absolute. */
  readonly runs: string;
  readonly graph: Graph;
  readonly pipeline: string;
  readonly profile: string | null;
  readonly params: JsonObject;
  readonly title: string;
  readonly description: string;
  /** What is in place for a cell; null: nothing. */
  readonly inPlace: (cell: Cell) => Promise<InPlace | null>;
  /** How the run ended, when its last event is not written yet. */
  readonly ended?: RunEnd | null;
  /** --set arguments of the run. */
  readonly set: readonly string[];
  /** Whether the project has a package.json, so that its packages must be installed first. */
  readonly installs: boolean;
}

export type RunEnd = Pick<ReportRun, 'outcome' | 'ms' | 'savedMs'>;

/** A cell's outs as they are in the project now. */
export interface InPlace {
  readonly key: string;
  readonly fingerprint: Fingerprint;
  /** Milliseconds of the run that made them. */
  readonly ms: number | null;
  readonly bytes: number | null;
  /** Out name → absolute path. */
  readonly outs: ReadonlyMap<string, string>;
  /** Whether they are what the pipeline as it stands would make. */
  readonly current: boolean;
}

export async function collectReport(options: CollectOptions): Promise<ReportInput> {
  const { graph, project } = options;
  const record = await latestRun(options.runs, options);
  const set = record?.set ?? options.set;
  const cells: ReportCell[] = [];
  const marked: MarkedOut[] = [];
  const stale: string[] = [];
  const provenance = new ProvenanceBuilder();
  for (const cell of graph.cells.values()) {
    const inPlace = await options.inPlace(cell);
    const told = record?.cells.get(cell.id);
    const state: CellState = told?.state ?? (inPlace?.current ? 'up-to-date' : 'waiting');
    cells.push({
      ...(told ?? untold),
      id: cell.id,
      stage: cell.stage,
      axes: cell.axes,
      state,
      ms: told?.ms ?? inPlace?.ms ?? null,
      key: told?.key ?? inPlace?.key ?? null,
      outBytes: told?.outBytes ?? (isInPlace(state) ? (inPlace?.bytes ?? null) : null),
    });
    if (inPlace === null) continue;
    provenance.add(cell, inPlace.fingerprint);
    const outs = markedOuts(cell, inPlace, project);
    marked.push(...outs);
    if (outs.length > 0 && !isInPlace(state)) stale.push(cell.id);
  }
  return {
    title: options.title,
    description: options.description,
    pipeline: options.pipeline,
    profile: options.profile,
    set,
    run: record === null ? null : { ...record.run, ...options.ended },
    stages: [...graph.stages.values()].map(({ name, description, axes, reads }) => ({
      name,
      description,
      axes,
      reads,
    })),
    sources: [...graph.sources.values()].map((source) => provenance.source(source)),
    cells,
    ...(await readMarks(marked)),
    stale,
    params: options.params,
    commands: commands({ ...options, set }, record?.revision ?? null, record?.run.targets ?? []),
    provenance: provenance.build(record?.revision ?? null),
  };
}

/** What to type to get the same: the revision, the packages, the run with its flags. */
function commands(
  { pipeline, profile, set, installs }: CollectOptions,
  revision: string | null,
  targets: readonly string[],
): readonly string[] {
  const commit = /^[0-9a-f]{7,}/.exec(revision ?? '')?.[0];
  return [
    ...(commit === undefined ? [] : [`git checkout ${commit}`]),
    ...(installs ? ['npm ci'] : []),
    runCommand({ pipeline, profile, set }, targets),
  ];
}

function markedOuts(cell: Cell, inPlace: InPlace, project: string): readonly MarkedOut[] {
  return cell.outs.flatMap((out) => {
    const path = inPlace.outs.get(out.name);
    if (out.report === null || path === undefined) return [];
    const shown = out.place ?? relative(project, path).split(sep).join('/');
    return [{ origin: { cell: cell.id, out: out.name, key: inPlace.key }, mark: out.report, path, shown }];
  });
}

class ProvenanceBuilder {
  private readonly packages = new Map<string, string>();
  private readonly tools = new Map<string, string>();
  private readonly code = new Map<string, string>();
  private readonly sources = new Map<string, string>();

  add(cell: Cell, { code, tools, deps }: Fingerprint): void {
    for (const [name, text] of Object.entries(tools)) this.tools.set(name, text.trim());
    if (code.kind === 'module') {
      this.code.set(cell.stage, code.bundle);
      for (const [name, found] of Object.entries(code.packages)) this.packages.set(name, found);
    } else {
      this.code.set(cell.stage, code.command);
    }
    for (const dep of cell.deps) {
      const found = deps[dep.name];
      if (dep.kind === 'source' && found?.kind === 'one') this.sources.set(dep.source, found.sha256);
    }
  }

  source({ name, description, candidates, url }: SourceDoc): ReportSource {
    return {
      name,
      description,
      path: candidates.map(({ path }) => path).join(', ') || url,
      sha256: this.sources.get(name) ?? null,
    };
  }

  build(revision: string | null): Provenance {
    const processors = cpus();
    return {
      version,
      revision,
      environment: {
        'Made with': `Node.js ${process.versions.node}, ${platform()} ${arch()}`,
        Machine: `${availableParallelism()} × ${processors[0]?.model.trim() || 'processor'}, ${bytesText(totalmem())}`,
      },
      packages: sorted(this.packages),
      tools: sorted(this.tools),
      code: Object.fromEntries(this.code),
    };
  }
}

function sorted(map: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
