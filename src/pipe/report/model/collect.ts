/** Gathers a report from what a run left: its events, the cells' current outs and fingerprints, and the marked outs. */
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { bytesText } from '../../../lib/format.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { SourceDoc } from '../../config/document.ts';
import type { Fingerprint, Reason } from '../../key/fingerprint.ts';
import { rootCauses } from '../../key/reason.ts';
import type { Cell, CellId, Graph } from '../../plan/graph.ts';
import { runCommand } from '../../run/rerun.ts';
import { version } from '../../version.ts';
import { type CellNow, cellToday } from './cell-now.ts';
import { configurationDigest } from './configuration.ts';
import type { Provenance, ReportCell, ReportInput, ReportRun, ReportSource } from './input.ts';
import { markedOuts } from './look-at-cells.ts';
import { type MarkedOut, readMarkedOuts } from './read-marked-outs.ts';
import { latestRun } from './run-record.ts';
import { hasFailed, hasResults } from './state.ts';

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
  /** `failed`: cells above that failed in the run which is reported, or could not run because of it, and would again. */
  readonly now: (cell: Cell, failed: ReadonlySet<CellId>) => Promise<CellNow>;
  /** How the run ended, when its last event is not written yet. */
  readonly ended?: RunEnd | null;
  /** --set arguments of the run. */
  readonly set: readonly string[];
  /** Whether the project has a package.json, so that its packages must be installed first. */
  readonly installs: boolean;
}

export type RunEnd = Pick<ReportRun, 'outcome' | 'ms' | 'savedMs'>;

export async function collectReport(options: CollectOptions): Promise<ReportInput> {
  const { graph, project, set } = options;
  const record = await latestRun(options.runs, options);
  const cells: ReportCell[] = [];
  const marked: MarkedOut[] = [];
  const stale: string[] = [];
  const reasons = new Map<CellId, readonly Reason[]>();
  const failed = new Set<CellId>();
  const provenance = new ProvenanceBuilder();
  for (const cell of graph.cells.values()) {
    const now = await options.now(cell, failed);
    const { inPlace } = now;
    const today = cellToday(record?.cells.get(cell.id), now);
    const kept = today.state === 'blocked' && cell.upstream.some((above) => failed.has(above));
    if (kept || hasFailed(today.state)) failed.add(cell.id);
    cells.push({
      ...today,
      id: cell.id,
      stage: cell.stage,
      axes: cell.axes,
      ms: today.ms ?? inPlace?.ms ?? null,
      key: today.key ?? inPlace?.key ?? null,
      outBytes: today.outBytes ?? (hasResults(today.state) ? (inPlace?.bytes ?? null) : null),
    });
    if (!now.current) reasons.set(cell.id, now.reasons);
    if (inPlace === null) continue;
    provenance.add(cell, inPlace.fingerprint);
    const outs = markedOuts(cell, { inPlace, project, stale: !now.current });
    marked.push(...outs);
    if (outs.length > 0 && !now.current) stale.push(cell.id);
  }
  const { pipeline, profile, params, title, description } = options;
  const keys = cells.map(({ id, key, state }) => [id, hasResults(state) ? (key ?? 'frozen') : null] as const);
  return {
    title,
    description,
    pipeline,
    profile,
    set,
    run: record === null ? null : { ...record.run, ...options.ended },
    stages: [...graph.stages.values()].map(({ name, description: what, axes, reads }) => ({
      name,
      description: what,
      axes,
      reads,
    })),
    sources: [...graph.sources.values()].map((source) => provenance.source(source)),
    cells,
    ...(await readMarkedOuts(marked)),
    stale,
    causes: stale.length === 0 ? [] : rootCauses(reasons).map(({ reason }) => reason),
    configuration: configurationDigest({ pipeline, profile, params, keys }),
    params,
    commands: commands(options, record?.revision ?? null, record?.run.targets ?? []),
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
