/** A throw-away project folder for tests of the runner. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Attempt } from '../../src/pipe/job/attempt.ts';
import { writeAttempt } from '../../src/pipe/job/attempt-files.ts';
import type { Job } from '../../src/pipe/job/job.ts';
import type { CellId } from '../../src/pipe/plan/graph.ts';
import { Folder } from './folder.ts';

export class AttemptsFolder extends Folder {
  #attempts = 0;

  /** An attempt with its folder and job file, ready to be started. */
  attempt(
    run: { module: string } | { command: string; values?: JsonObject },
    job: Partial<Job> = {},
    more: Partial<Attempt> = {},
  ): Attempt {
    const { dir } = this;
    const folder = join(dir, 'attempts', String(++this.#attempts));
    mkdirSync(join(folder, 'outs'), { recursive: true });
    const whole: Job = {
      version: 2,
      axes: { letter: 'a' },
      axisValues: { letter: 'a' },
      params: {},
      deps: {},
      outs: {},
      checkpoint: null,
      resources: { cpu: 1, gpus: [] },
      events: join(folder, 'events.jsonl'),
      module: 'module' in run ? join(dir, run.module) : null,
      ...job,
    };
    const at = { file: 'pipeline.yaml', line: 1, column: 1 };
    const attempt: Attempt = {
      job: whole,
      run:
        'module' in run
          ? { kind: 'module', file: run.module, python: null, at }
          : {
              kind: 'command',
              python: null,
              command: run.command,
              shell: null,
              values: run.values ?? {},
              at,
            },
      folder,
      log: join(folder, 'log.txt'),
      env: { PATH: process.env.PATH ?? '' },
      secrets: [],
      pass: [],
      asks: { id: 'cell' as CellId, stage: 'cell', resources: { cpu: 1, gpu: 0, memory: 0, named: {} } },
      memoryStep: 0,
      project: dir,
      timeoutMs: null,
      ...more,
    };
    writeAttempt(attempt);
    return attempt;
  }
}
