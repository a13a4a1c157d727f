/** One run of a watch: follows what it does, and steers it when an edit changes what it works on. */
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { OpenedPipeline } from '../project/open-plan.ts';
import type { RunEvent } from '../run/event.ts';
import type { Helm } from '../run/run-options.ts';
import { RunState } from '../run/run-state.ts';
import { affectedCells, type Standing } from './affected.ts';

export interface RoundOptions {
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  /** The plan as the files have it now; null: they cannot be planned, because an edit is half done. */
  readonly plan: () => Promise<OpenedPipeline | null>;
}

export class Round {
  /** Something was edited while it ran, so that another round has to look. */
  edited = false;
  readonly #options: RoundOptions;
  readonly #state = new RunState();
  #helm: Helm | null = null;
  #planned = '';
  #looking: Promise<void> = Promise.resolve();

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  readonly take = (event: RunEvent): void => this.#state.take(event);

  readonly steer = (helm: Helm): void => {
    this.#helm = helm;
  };

  /** `opened`: what the round runs. */
  begin(opened: OpenedPipeline): void {
    this.#planned = signatureOf(opened);
  }

  /** Whether a later look finds the inputs that the run worked with; else something was edited before it. */
  workedWith(opened: OpenedPipeline, { keys }: Standing): boolean {
    if (signatureOf(opened) !== this.#planned) return false;
    return [...this.#state.cells.values()].every(
      ({ cell, key }) => key === null || (keys.get(cell) ?? key) === key,
    );
  }

  /** Files were edited. Settles when what that means for the run is decided. */
  onEdit(): Promise<void> {
    this.edited = true;
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    const opened = await this.#options.plan();
    if (opened === null || this.#helm === null || this.#state.finished !== null) return;
    const running = new Map<CellId, Key | null>();
    for (const [id, { key }] of this.#state.running) running.set(id, key);
    const affected = await affectedCells(running, opened, this.#options);
    if (affected.size === 0 && signatureOf(opened) === this.#planned) return;
    const ended = [...affected].filter((id) => {
      const stage = opened.graph.cells.get(id)?.stage ?? this.#state.cells.get(id)?.stage;
      return stage === undefined || opened.graph.stages.get(stage)?.watch !== 'queue';
    });
    this.#helm.stop(new Set(ended));
  }
}

/** Changes when another plan would be run. */
function signatureOf({ texts }: OpenedPipeline): string {
  return JSON.stringify([...texts]);
}
