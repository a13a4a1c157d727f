/** Writes a run as a Workflow Run Crate: the pipeline file as it was, the record of the run, and what came out for the report. */
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { cellFolder } from '../plan/cell-id.ts';
import { flatParams } from '../report/model/params.ts';
import { runCommand } from '../run/rerun.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { hasOut, readListing } from '../store/objects.ts';
import { readManifest } from '../store/records.ts';
import { type CrateFile, roCrate } from './ro-crate.ts';
import { type RecordedResults, storedCells } from './run-results.ts';

export interface CrateRequest {
  readonly layout: Layout;
  /** Folder of the run, absolute. */
  readonly run: string;
  readonly recorded: RecordedResults;
  /** Absolute: made, or empty. */
  readonly folder: string;
  readonly title: string;
  readonly description: string;
  readonly license: string;
}

const types: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.csv': 'text/csv',
  '.html': 'text/html',
  '.yaml': 'application/yaml',
};

/** How many files it holds. @throws UserError for a folder that holds something, or a run of an earlier version */
export async function exportCrate(request: CrateRequest): Promise<number> {
  const { folder, recorded, run } = request;
  const { started, finished, failures } = recorded.state;
  const { text, params } = recorded.plan;
  if (started === null || text === null)
    throw new UserError(
      `run ${basename(run)} did not record its pipeline file: it is of an earlier version`,
      {
        hint: 'run it again with this version, then export that run',
      },
    );
  if ((await readdir(folder).catch(() => [])).length > 0)
    throw new UserError(`${folder} holds something already`, { hint: 'name a folder that is new or empty' });
  await mkdir(folder, { recursive: true });
  const pipeline = basename(started.pipeline);
  await writeFile(join(folder, pipeline), text);
  await copyFile(join(run, 'events.jsonl'), join(folder, 'events.jsonl'));
  const files = [
    await described(folder, 'events.jsonl', 'Events of the run', null),
    ...(await copyOuts(request)),
  ];
  const { profile, set = [] } = started;
  const crate = roCrate({
    ...{ title: request.title, description: request.description, license: request.license },
    run: started.run,
    started: started.time,
    ended: finished?.time ?? recorded.state.lastTime,
    failure:
      finished?.outcome === 'done' ? null : (failures[0]?.error?.message ?? finished?.outcome ?? 'not ended'),
    revision: started.revision,
    command: runCommand({ pipeline: started.pipeline, profile, set }, started.targets),
    pipeline,
    params: flatParams(params),
    files,
  });
  await writeFile(join(folder, 'ro-crate-metadata.json'), `${JSON.stringify(crate, null, 2)}\n`);
  return files.length + 2;
}

/** What cells wrote for the report, as far as the store has it. */
async function copyOuts({ layout, recorded, folder }: CrateRequest): Promise<readonly CrateFile[]> {
  const files: CrateFile[] = [];
  for (const { id, key, marks } of storedCells(recorded)) {
    const manifest = readManifest(layout, key);
    if (typeof manifest === 'string') continue;
    for (const name of marks.keys()) {
      const out = manifest.outs[name];
      if (out === undefined || !hasOut(layout, out)) continue;
      const place = `results/${cellFolder(manifest.cell)}/${out.path}`;
      const entries =
        out.type === 'file'
          ? [{ path: place, sha256: out.object }]
          : readListing(layout, out.object).flatMap((entry) =>
              entry.type === 'file' ? [{ path: `${place}/${entry.path}`, sha256: entry.sha256 }] : [],
            );
      for (const { path, sha256 } of entries) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await copyFile(objectFile(layout, sha256), join(folder, path));
        const output = out.type === 'file' ? `${id} ${name}` : `${id} ${name}/${basename(path)}`;
        files.push(await described(folder, path, `${basename(path)} of ${id}`, output));
      }
    }
  }
  return files;
}

async function described(
  folder: string,
  path: string,
  name: string,
  output: string | null,
): Promise<CrateFile> {
  const { size } = await stat(join(folder, path));
  return { path, name, type: types[extname(path)] ?? 'application/octet-stream', bytes: size, output };
}
