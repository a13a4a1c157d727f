/**
 * Whether a queue can run cells of this project: what its commands say, and what a small job finds on the host that it is
 * given. Submits that one job, and takes it back when it does not begin in time.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationText } from '../../../lib/format.ts';
import { removeTree } from '../../../lib/remove-tree.ts';
import type { ExecutorDoc } from '../../config/executor-doc.ts';
import type { Layout } from '../../store/layout.ts';
import type { Finding } from '../finding.ts';
import { checkSlurm } from '../slurm/check-slurm.ts';
import type { QueueBackend } from './backend.ts';
import { quotedWord, scriptHead } from './job-script.ts';
import { backendOf } from './open-queue.ts';

export interface QueueCheck {
  readonly doc: ExecutorDoc;
  readonly layout: Layout;
  /** Absolute. */
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  /** Most GPUs that a cell asks for. */
  readonly gpu: number;
  /** How long the job is waited for. */
  readonly patienceMs?: number;
}

/** Seconds by which clocks may differ before times in records mislead. */
const mostSkew = 5;
const lookEveryMs = 250;

export async function checkQueue(check: QueueCheck): Promise<readonly Finding[]> {
  const { doc, env, gpu } = check;
  const commands = doc.kind === 'slurm' ? await checkSlurm(doc, env, gpu) : [];
  if (commands.some(({ state }) => state === 'problem')) return commands;
  return [...commands, ...(await probe(check, backendOf(doc, env)))];
}

async function probe(check: QueueCheck, backend: QueueBackend): Promise<readonly Finding[]> {
  const { doc, layout, project, patienceMs = 60_000 } = check;
  const name = `pipe-doctor-${randomBytes(4).toString('hex')}`;
  // No submission of cells has such a name.
  const folder = join(layout.jobs, `doctor-${name.slice(-8)}`);
  const token = randomBytes(12).toString('hex');
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'token'), `${token}\n`);
    const script = join(folder, 'script.sh');
    writeFileSync(script, probeScript(folder, doc, project), { mode: 0o700 });
    const before = Date.now();
    const answer = await backend.submit({
      name,
      comment: 'pipe doctor',
      script,
      output: folder,
      project,
      tasks: 1,
      cpu: 1,
      gpu: 0,
      memory: 0,
      timeMs: doc.timeMs === null ? null : Math.min(doc.timeMs, 300_000),
      warningMs: doc.warningMs,
      partition: doc.kind === 'slurm' ? doc.partition : null,
      extra: doc.kind === 'slurm' ? doc.extra : [],
      variables: [],
    });
    if (answer.kind !== 'submitted') {
      const detail = answer.kind === 'refused' ? answer.message : answer.why;
      return [{ what: 'probe job', state: 'problem', detail }];
    }
    const over = await watched(join(folder, 'done'), answer.tasks, backend, patienceMs);
    if (over !== null) {
      await backend.cancel(answer.tasks);
      return [over];
    }
    return found({ folder, token, before, project });
  } catch (error) {
    return [{ what: 'probe job', state: 'problem', detail: messageOf(error) }];
  } finally {
    removeTree(folder);
  }
}

/** What the job looks at needs no Node, so that it can say that there is none. */
function probeScript(folder: string, doc: ExecutorDoc, project: string): string {
  const node = quotedWord(doc.node ?? process.execPath);
  const at = (name: string) => quotedWord(join(folder, name));
  return [
    ...scriptHead(doc, project),
    `hostname > ${at('host')}`,
    `date +%s > ${at('clock')}`,
    `cat ${at('token')} > ${at('echo')}`,
    `${doc.wrap === null ? '' : `${doc.wrap} `}${node} --version > ${at('node')} 2> ${at('node-error')}`,
    `echo done > ${at('done')}`,
    '',
  ].join('\n');
}

/** Waits until the job is done. Why it will not be; null: it is. */
async function watched(
  done: string,
  tasks: readonly string[],
  backend: QueueBackend,
  patienceMs: number,
): Promise<Finding | null> {
  const what = 'probe job';
  const since = performance.now();
  let gone = 0;
  let words = 'nothing was heard of it';
  for (let look = 0; ; look++) {
    if (existsSync(done)) return null;
    if (performance.now() - since > patienceMs) {
      const waited = durationText(patienceMs);
      return { what, state: 'absent', detail: `did not end in ${waited}, and was taken back: ${words}` };
    }
    // Every second look at the files, the queue is asked too.
    if (look % 4 === 3) {
      const state = (await backend.states(tasks)).get(tasks[0] ?? '');
      words = state?.words ?? words;
      gone = state === undefined || state.kind === 'ended' ? gone + 1 : 0;
      // A shared disk is late.
      if (gone > 8)
        return {
          what: 'shared folder',
          state: 'problem',
          detail:
            'a job ran and nothing of it is seen here: the project must have the same path on every host',
        };
    }
    await sleep(lookEveryMs);
  }
}

function found({
  folder,
  token,
  before,
  project,
}: {
  readonly folder: string;
  readonly token: string;
  /** Milliseconds since the epoch when the job was submitted. */
  readonly before: number;
  readonly project: string;
}): readonly Finding[] {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
  const host = read('host');
  const same = read('echo') === token;
  const node = read('node');
  const clock = Number(read('clock'));
  // The job looked at its clock between the submission and now.
  const early = Math.max(0, Math.floor(before / 1000) - clock);
  const late = Math.max(0, clock - Math.ceil(Date.now() / 1000));
  const skew = Math.max(early, late);
  return [
    { what: 'probe job', state: 'ok', detail: `ran on ${host}` },
    {
      what: 'shared folder',
      state: same ? 'ok' : 'problem',
      detail: same ? `${host} reads what this machine writes in ${project}` : `${host} reads something else`,
    },
    nodeFinding(host, node, read('node-error')),
    {
      what: 'clocks',
      state: skew <= mostSkew ? 'ok' : 'problem',
      detail:
        skew <= mostSkew ? `${host} and this machine agree` : `${host} is off by ${skew} s: times mislead`,
    },
  ];
}

function nodeFinding(host: string, version: string, complaint: string): Finding {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19))
    return { what: 'node there', state: 'ok', detail: `${version} on ${host}` };
  const why = version === '' ? (complaint.split('\n')[0] ?? '') : `${version}, 20.19 or newer is needed`;
  return { what: 'node there', state: 'problem', detail: `on ${host}: ${why}; \`node:\` says where it is` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
