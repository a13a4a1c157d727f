/** One entry of `executors` → ExecutorDoc, with everything checked that needs no stage. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { DiagnosedText, Report } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import { entryOf, type YamlEntry, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { byteSize } from './byte-size.ts';
import { milliseconds } from './duration.ts';
import { type AskedOfJob, type ExecutorDoc, localName, type QueueStageDoc } from './executor-doc.ts';
import { commandSchema, type RawCommandQueue, type RawSlurm, slurmSchema } from './executor-schema.ts';

const kinds = ['slurm', 'command'] as const;
const usual = { cells: 1000, array: 200, pack: 1, parallel: 1, warningMs: 60_000, pollMs: 10_000 };

/** Undefined when it cannot be understood. */
export function loadExecutor(
  entry: YamlEntry,
  stages: readonly string[],
  { source, report }: DiagnosedText,
): ExecutorDoc | undefined {
  const what = `executor \`${entry.key}\``;
  const kind = entryOf(entry.value, 'kind')?.value;
  const named = kind?.kind === 'scalar' ? kind.value : undefined;
  if (entry.value.kind === 'map' && !kinds.some((one) => one === named)) {
    const at = source.at(kind ?? entry.keySpan);
    const hint = typeof named === 'string' ? didYouMean(named, kinds) : undefined;
    report('executor-kind', at, `${what} has no \`kind\` that is known`, hint ?? '`slurm` or `command`');
    return undefined;
  }
  checkStages(entry.value, stages, { source, report });
  if (named === 'command') {
    const shaped = checkShape(commandSchema, entry.value, what, { source, report });
    return shaped && commandQueue(entry, shaped.value, { source, report });
  }
  const shaped = checkShape(slurmSchema, entry.value, what, { source, report });
  if (!shaped) return undefined;
  const { partition = null, account = null, extra = [] } = shaped.value;
  return { kind: 'slurm', ...queueOf(entry, shaped.value, source), partition, account, extra };
}

/** Where a stage or a profile names an executor. */
export function checkExecutor(
  name: string,
  executors: readonly string[],
  at: Position,
  report: Report,
): void {
  const known = [localName, ...executors];
  if (known.includes(name)) return;
  const hint = didYouMean(name, known) ?? `there is ${listOf(known)}`;
  report('unknown-executor', at, `no executor is called \`${name}\``, hint);
}

function commandQueue(
  entry: YamlEntry,
  raw: RawCommandQueue,
  { source, report }: DiagnosedText,
): ExecutorDoc | undefined {
  const place = (key: string) => source.at(entryOf(entry.value, key)?.value ?? entry.keySpan);
  const id = raw.id ?? '(\\d+)';
  try {
    new RegExp(id);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report('executor-command', place('id'), `\`id\` is no regular expression: ${message}`);
    return undefined;
  }
  const lacks = [
    ['submit', '{script}'],
    ['cancel', '{id}'],
  ] as const;
  for (const [key, hole] of lacks)
    if (!raw[key].includes(hole))
      report('executor-command', place(key), `\`${key}\` does not mention \`${hole}\``);
  const { submit, status, cancel } = raw;
  return { kind: 'command', ...queueOf(entry, raw, source), submit, status, cancel, id };
}

function queueOf(entry: YamlEntry, raw: RawSlurm | RawCommandQueue, source: SourceText) {
  const { cells = usual.cells, array = usual.array, pack = usual.pack, parallel = usual.parallel } = raw;
  const stages = Object.entries(raw.stages ?? {}).map(([stage, asked]): [string, QueueStageDoc] => [
    stage,
    {
      ...askedOf(asked),
      timeMs: milliseconds(asked.time ?? ''),
      partition: asked.partition ?? null,
      pack: asked.pack ?? null,
      extra: asked.extra ?? [],
    },
  ]);
  return {
    name: entry.key,
    description: raw.description ?? '',
    timeMs: milliseconds(raw.time ?? ''),
    cells,
    array,
    pack,
    parallel,
    wrap: raw.wrap ?? null,
    setup: raw.setup ?? [],
    node: raw.node ?? null,
    warningMs: milliseconds(raw.warning ?? '') ?? usual.warningMs,
    pollMs: milliseconds(raw.poll ?? '') ?? usual.pollMs,
    most: askedOf(raw.most ?? {}),
    has: askedOf(raw.has ?? {}),
    stages: new Map(stages),
    at: source.at(entry.keySpan),
  };
}

type RawAsked = NonNullable<RawSlurm['most']>;

function askedOf({ cpu, gpu, memory }: RawAsked): AskedOfJob {
  return { cpu: cpu ?? null, gpu: gpu ?? null, memory: byteSize(memory ?? null) };
}

function checkStages(node: YamlNode, stages: readonly string[], { source, report }: DiagnosedText): void {
  const named = entryOf(node, 'stages')?.value;
  for (const { key, keySpan } of named?.kind === 'map' ? named.entries : []) {
    if (stages.includes(key)) continue;
    report('unknown-stage', source.at(keySpan), `no stage is called \`${key}\``, didYouMean(key, stages));
  }
}
