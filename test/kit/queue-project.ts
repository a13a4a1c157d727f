/** A project whose cells say in files of their own what they did: what tests of queues count by. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CliProject, type Ended } from './cli.ts';

export interface Counted {
  /** More of the executor, as YAML in a flow map. */
  readonly executor?: string;
  /** More of the stage. */
  readonly stage?: string;
  readonly cmd?: string;
}

export class QueueProject extends CliProject {
  readonly #executor: string;

  /** `executor`: what describes the queue, as YAML in a flow map; `env`: where its commands find it. */
  constructor(pipe: string, executor: string, env: NodeJS.ProcessEnv) {
    super(pipe);
    this.#executor = executor;
    this.env = env;
  }

  pipeline(text: string, executor = ''): void {
    this.write(
      'pipeline.yaml',
      `version: 1\nexecutors: {lab: {${this.#executor}, poll: 1s, ${executor}}}\n${text}`,
    );
  }

  /** A stage of `count` cells, each of which writes its number into `ran.txt`. */
  counted(count: number, { executor = '', stage = '', cmd = 'true' }: Counted = {}): void {
    const numbers = Array.from({ length: count }, (_, index) => index).join(', ');
    this.pipeline(
      `axes: {n: [${numbers}]}
stages:
  one: {matrix: [n], outs: {o: o.txt}, ${stage} cmd: "${cmd}; echo \${n} >> ran.txt; echo \${n} > \${outs.o}"}
`,
      executor,
    );
  }

  run(...more: readonly string[]): Ended {
    return this.pipe('run', '--executor', 'lab', '--no-report', '--color=never', ...more);
  }

  /** Whether a run has recorded how it was asked for: before that there is none to come back to. */
  hasRun(): boolean {
    const runs = join(this.dir, 'cache/runs');
    const names = existsSync(runs) ? readdirSync(runs) : [];
    return names.some((name) => existsSync(join(runs, name, 'request.json')));
  }

  lines(file: string): readonly string[] {
    return this.read(file).trim().split('\n');
  }

  exactlyOnce(count: number): void {
    const ran = this.lines('ran.txt').map(Number);
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  }

  /** Of the newest run. */
  events(): readonly Record<string, unknown>[] {
    const [id] = this.pipe('ps', '--all', '--json').stdout.match(/\d{8}-\d{6}-[0-9a-f]+/) ?? [];
    return this.lines(`cache/runs/${id}/events.jsonl`).map((line) => JSON.parse(line));
  }

  /** What a cell runs that is to be counted while it holds a GPU. */
  static readonly onGpu = [
    // Not every queue says which GPU it gave.
    'gpu=$(printenv CUDA_VISIBLE_DEVICES || echo any)',
    'echo +1 $gpu >> gpu.txt; sleep 0.1; echo -1 $gpu >> gpu.txt',
  ].join('; ');

  /** Most cells that held a GPU at once, by the order in which they wrote it down themselves. */
  mostOnGpus(): number {
    let now = 0;
    let most = 0;
    for (const line of this.lines('gpu.txt')) {
      now += Number(line.split(' ')[0]);
      most = Math.max(most, now);
    }
    expect(now).toBe(0);
    return most;
  }

  /** Lines up to the first at which two cells held the same GPU; null: no two ever did. */
  sharedGpu(): string | null {
    const held = new Map<string, number>();
    const lines = this.lines('gpu.txt');
    const at = lines.findIndex((line) => {
      const [step = '', gpu = ''] = line.split(' ');
      held.set(gpu, (held.get(gpu) ?? 0) + Number(step));
      return (held.get(gpu) ?? 0) > 1;
    });
    return at < 0 ? null : lines.slice(0, at + 1).join('; ');
  }
}
