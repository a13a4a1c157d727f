/** The context a stage function gets, built from the job; what it reports goes to the event file. */
import { appendFileSync } from 'node:fs';
import type { StageContext } from '../stage.ts';
import type { Job, JobDep, StageEvent } from './job.ts';

/** A reader at ten lines a second sees a bar move; more only costs the stage time. */
const progressEveryMs = 100;

/** A stage asked for something its declaration does not have: trying again cannot help. */
export class ContractError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContractError';
  }
}

export interface EventSink {
  write(event: StageEvent): void;
  now(): number;
}

/** Appends whole lines: a reader never sees two events mixed, and a killed stage leaves at most one cut line. */
export function eventFile(path: string): EventSink {
  return {
    write: (event) => appendFileSync(path, `${JSON.stringify({ ...event, at: new Date().toISOString() })}\n`),
    now: () => performance.now(),
  };
}

/**
 * @throws ContractError from `dep`, `gathered` and `out` for a name that the stage does not declare.
 */
export function stageContext(job: Job, signal: AbortSignal, sink: EventSink): StageContext {
  let lastProgress = Number.NEGATIVE_INFINITY;
  const complained = new Set<string>();
  const warn = (text: string) => sink.write({ type: 'message', level: 'warning', text });
  const findDep = (name: string): JobDep => {
    const dep = Object.hasOwn(job.deps, name) ? job.deps[name] : undefined;
    if (dep) return dep;
    throw new ContractError(
      `the stage has no dep ${name}; it declares ${list(Object.keys(job.deps))}. Add it under deps in the pipeline file.`,
    );
  };
  return {
    axes: job.axes,
    axisValues: job.axisValues,
    params: job.params,
    dep(name) {
      const dep = findDep(name);
      if (dep.kind === 'one') return dep.path;
      throw new ContractError(`dep ${name} gathers several items; read it with gathered('${name}').`);
    },
    gathered(name) {
      const dep = findDep(name);
      if (dep.kind === 'gather') return { items: dep.items, planned: dep.planned };
      throw new ContractError(`dep ${name} is one path, not gathered; read it with dep('${name}').`);
    },
    hasDep: (name) => Object.hasOwn(job.deps, name),
    out(name) {
      const path = Object.hasOwn(job.outs, name) ? job.outs[name] : undefined;
      if (path !== undefined) return path;
      throw new ContractError(
        `the stage has no out ${name}; it declares ${list(Object.keys(job.outs))}. Add it under outs in the pipeline file.`,
      );
    },
    checkpoint: job.checkpoint,
    cpu: job.resources.cpu,
    gpus: job.resources.gpus,
    signal,
    progress(done, total, unit = '') {
      const now = sink.now();
      // The last one is always written: a bar that stops at 97 % reads as a stage that hangs.
      if (done < total && now - lastProgress < progressEveryMs) return;
      if (!Number.isFinite(done) || !Number.isFinite(total)) return;
      lastProgress = now;
      sink.write({ type: 'progress', done, total, unit });
    },
    metric(name, value, step) {
      if (Number.isFinite(value)) {
        sink.write({ type: 'metric', name, value, step: step ?? null });
      } else if (!complained.has(name)) {
        complained.add(name);
        warn(`metric ${name} is ${value}${step === undefined ? '' : ` at step ${step}`}`);
      }
    },
    info: (text) => sink.write({ type: 'message', level: 'info', text }),
    warn,
  };
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
