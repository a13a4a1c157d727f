/** The results of known keys, read from the store: what cells wrote for the report, and the software that made it. Nothing needs to be in place. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportMark } from '../config/document.ts';
import type { Fingerprint, Key } from '../key/fingerprint.ts';
import { type MarkedOut, type ReadMarks, readMarkedOuts } from '../report/model/read-marked-outs.ts';
import { type Layout, objectFile } from '../store/layout.ts';
import { BadObject, hasOut, readListing } from '../store/objects.ts';
import type { OutRecord } from '../store/out-record.ts';
import { readManifest } from '../store/records.ts';
import { codeText } from './code-text.ts';
import type { ResultMetric } from './results.ts';

export interface StoredCell {
  readonly id: string;
  readonly stage: string;
  readonly key: Key;
  /** Out name → its mark. */
  readonly marks: ReadonlyMap<string, ReportMark>;
}

export interface StoredResults {
  readonly marks: ReadMarks;
  readonly software: ReadonlyMap<string, string>;
  /** Ids of cells whose outs are no longer in the store. */
  readonly gone: readonly string[];
}

/** `only`: marks that are wanted; left out: all. A stored out that cannot be read is a problem in `marks`. */
export async function readStored(
  layout: Layout,
  cells: readonly StoredCell[],
  only?: ReportMark,
): Promise<StoredResults> {
  const scratch = mkdtempSync(join(tmpdir(), 'pipe-results-'));
  try {
    const marked: MarkedOut[] = [];
    const software = new Map<string, string>();
    const gone: string[] = [];
    for (const cell of cells) {
      const manifest = readManifest(layout, cell.key);
      if (typeof manifest === 'string' || !Object.values(manifest.outs).every((out) => hasOut(layout, out))) {
        gone.push(cell.id);
        continue;
      }
      addSoftware(software, cell.stage, manifest.fingerprint);
      for (const [out, mark] of cell.marks) {
        const record = manifest.outs[out];
        if (record === undefined || (only !== undefined && mark !== only)) continue;
        const path = pathOf(layout, record, join(scratch, String(marked.length)));
        const origin = { cell: cell.id, out, key: cell.key, stale: false, made: null };
        if (path !== null) marked.push({ origin, mark, path, shown: `${out} of ${cell.id}` });
      }
    }
    return { marks: await readMarkedOuts(marked), software, gone };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export function metricsIn({ metrics }: Pick<ReadMarks, 'metrics'>): readonly ResultMetric[] {
  return metrics.flatMap(({ origin, value, meanings }) =>
    Object.entries(value).map(([name, number]) => ({
      cell: origin.cell,
      name,
      value: number,
      better: meanings[name]?.better ?? null,
      unit: meanings[name]?.unit ?? null,
    })),
  );
}

/** What stages were made with, by name. */
function addSoftware(software: Map<string, string>, stage: string, { code, tools }: Fingerprint): void {
  for (const [name, text] of Object.entries(tools)) software.set(name, text.trim());
  software.set(`code of ${stage}`, codeText(code.kind === 'module' ? code.bundle : code.command));
  if (code.kind === 'module')
    for (const [name, version] of Object.entries(code.packages)) software.set(name, version);
}

/** Where an out can be read: a file as its object, of a folder the files in it as links below `folder`. Null: it is damaged. */
function pathOf(layout: Layout, out: OutRecord, folder: string): string | null {
  if (out.type === 'file') return objectFile(layout, out.object);
  try {
    const entries = readListing(layout, out.object);
    // A figure and the numbers beside it lie at the top: see the mark's format.
    const files = entries.flatMap((entry) =>
      entry.type === 'file' && !entry.path.includes('/') ? [entry] : [],
    );
    mkdirSync(folder);
    for (const { path, sha256 } of files) symlinkSync(objectFile(layout, sha256), join(folder, path));
    return folder;
  } catch (error) {
    if (error instanceof BadObject) return null;
    throw error;
  }
}
