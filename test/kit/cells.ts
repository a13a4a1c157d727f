/** A throw-away project whose cells are run in this process, one after the other, through the real cache. */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BeginOptions, BeginResult } from '../../src/pipe/cell/begin.ts';
import type { CellStatus } from '../../src/pipe/cell/cell-status.ts';
import type { Published } from '../../src/pipe/cell/publish.ts';
import type { CellTransaction } from '../../src/pipe/cell/transaction.ts';
import { Workspace } from '../../src/pipe/cell/workspace.ts';
import { loadPipeline } from '../../src/pipe/config/load.ts';
import { commandFiles, launcher } from '../../src/pipe/job/command.ts';
import { stageEnvironment } from '../../src/pipe/job/environment.ts';
import type { Job } from '../../src/pipe/job/job.ts';
import { shellFor } from '../../src/pipe/job/shell.ts';
import { stageContext } from '../../src/pipe/job/stage-context.ts';
import type { Cell, CellId, Graph } from '../../src/pipe/plan/graph.ts';
import { plan } from '../../src/pipe/plan/plan.ts';
import { Folder } from './folder.ts';

export type Fate =
  | Exclude<BeginResult['kind'], 'run'>
  | 'ran'
  | 'failed'
  | Exclude<Published['kind'], 'published'>;

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly set?: readonly string[];
  readonly begin?: Partial<BeginOptions>;
  /** Runs a cell in place of its process. */
  readonly execute?: (cell: Cell, job: Job) => Promise<void>;
  /** Called in the middle of a cell's run. */
  readonly during?: (cell: Cell, outs: Readonly<Record<string, string>>) => void | Promise<void>;
}

export interface Ran {
  readonly fates: ReadonlyMap<string, Fate>;
  /** Ids of the cells that ran. */
  readonly ran: readonly string[];
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
}

export class CellsProject extends Folder {
  #runs = 0;

  graph(set: readonly string[] = []): Graph {
    const loaded = loadPipeline(this.read('pipeline.yaml'), 'pipeline.yaml', { profile: null, set });
    if (!loaded.document) throw new Error(JSON.stringify(loaded.diagnostics));
    const planned = plan(loaded.document);
    const wrong = [...loaded.diagnostics, ...planned.diagnostics].filter((one) => one.severity === 'error');
    if (wrong.length > 0) throw new Error(wrong.map((one) => one.message).join('\n'));
    return planned.graph;
  }

  workspace(options: { env?: Record<string, string>; set?: readonly string[]; graph?: Graph } = {}) {
    const graph = options.graph ?? this.graph(options.set);
    const env = { PATH: process.env.PATH ?? '', ...options.env };
    return new Workspace({ project: this.dir, graph, env, source: async () => null });
  }

  async status(options: { env?: Record<string, string>; set?: readonly string[] } = {}) {
    const workspace = this.workspace(options);
    const states = await workspace.status();
    await workspace.close();
    return states as ReadonlyMap<string, CellStatus>;
  }

  async run(options: RunOptions = {}): Promise<Ran> {
    const graph = this.graph(options.set);
    const env = { PATH: process.env.PATH ?? '', ...options.env };
    const workspace = this.workspace({ graph, env });
    const fates = new Map<string, Fate>();
    const warnings: string[] = [];
    const messages: string[] = [];
    const run = `run-${++this.#runs}`;
    const good = new Set<CellId>();
    try {
      for (const cell of graph.cells.values()) {
        const without = new Set(cell.upstream.filter((above) => !good.has(above)));
        if (
          without.size > 0 &&
          !cell.deps.some((dep) => dep.kind === 'gather' && Object.keys(dep.min).length > 0)
        )
          continue;
        const begun = await workspace.begin(cell.id, { run, force: false, without, ...options.begin });
        if (begun.kind === 'blocked') {
          fates.set(cell.id, 'blocked');
          messages.push(...begun.obstacles.map(({ message }) => message));
          continue;
        }
        warnings.push(...begun.warnings);
        if (begun.kind !== 'run') {
          fates.set(cell.id, begun.kind);
          good.add(cell.id);
          continue;
        }
        const outs = await begun.stage();
        try {
          const job = jobOf(cell, begun, outs);
          if (options.execute) await options.execute(cell, job);
          else await execute(cell, job, this.dir, env);
        } catch (error) {
          fates.set(cell.id, 'failed');
          messages.push(error instanceof Error ? error.message : String(error));
          await begun.abandon();
          continue;
        }
        await options.during?.(cell, outs);
        const published = await begun.publish({ ms: 5 });
        fates.set(cell.id, published.kind === 'published' ? 'ran' : published.kind);
        if (published.kind === 'published') {
          warnings.push(...published.warnings);
          good.add(cell.id);
        } else messages.push(JSON.stringify(published));
      }
    } finally {
      await workspace.close();
    }
    const ran = [...fates].filter(([, fate]) => fate === 'ran').map(([cell]) => cell);
    return { fates, ran, warnings, messages };
  }

  /** Every file below a folder with its content, links with their text, folders as such. */
  snapshot(folder = 'cache/cells'): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (path: string) => {
      for (const name of readdirSync(join(this.dir, path))) {
        const inner = `${path}/${name}`;
        const stat = lstatSync(join(this.dir, inner));
        if (stat.isDirectory()) {
          found[inner] = 'folder';
          walk(inner);
        } else if (stat.isSymbolicLink()) found[inner] = `link ${readlinkSync(join(this.dir, inner))}`;
        else found[inner] = `${(stat.mode & 0o100) !== 0} ${readFileSync(join(this.dir, inner), 'base64')}`;
      }
    };
    walk(folder);
    return found;
  }
}

function jobOf(cell: Cell, begun: CellTransaction, outs: Job['outs']): Job {
  return {
    version: 2,
    axes: cell.axes,
    params: cell.params,
    axisValues: cell.axisValues,
    deps: begun.deps,
    outs,
    checkpoint: begun.checkpoint,
    resources: { cpu: 1, gpus: [] },
    events: '/dev/null',
    module: begun.module,
  };
}

async function execute(cell: Cell, job: Job, project: string, caller: Record<string, string>): Promise<void> {
  if (cell.run.kind === 'command') {
    const env = stageEnvironment(cell.env, caller, project);
    const folder = mkdtempSync(join(tmpdir(), 'pipe-cells-'));
    const { script } = commandFiles(cell.run, job, project, folder);
    const { file, flags } = shellFor(cell.run.shell);
    writeFileSync(join(folder, 'command.sh'), script);
    execFileSync(file, [...flags, '-c', launcher, 'shell', join(folder, 'command.sh')], {
      cwd: project,
      env,
      stdio: 'pipe',
    });
    rmSync(folder, { recursive: true });
    return;
  }
  const loaded: { default: (context: unknown) => Promise<void> } = await import(
    pathToFileURL(job.module ?? '').href
  );
  const sink = { write: () => {}, now: () => 0 };
  await loaded.default(stageContext(job, new AbortController().signal, sink));
}
