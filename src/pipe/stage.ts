/**
 * What a TypeScript stage imports. It only names types: a stage's key must not change with the engine.
 *
 * ```ts
 * import { defineStage } from 'pipe-experiments/stage';
 * export default defineStage(async (stage) => {
 *   const images = readFileSync(stage.dep('images'));
 *   stage.progress(1, 10);
 *   writeFileSync(stage.out('weights'), train(images, stage.params));
 * });
 * ```
 */
export interface GatheredItem {
  readonly path: string;
  /** Axis values of the cell that made it, by name. */
  readonly axes: Readonly<Record<string, string>>;
}

export interface StageContext {
  readonly axes: Readonly<Record<string, string>>;
  /** Values of the cell's axes. Parse before use. */
  readonly axisValues: Readonly<Record<string, unknown>>;
  /** The stage's params, every `${…}` filled in. Parse before use. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Absolute path of a dep that is one file or folder. Throws when the name is not declared or is gathered. */
  dep(name: string): string;
  /** Items of a gathered dep, in stable order, and how many the plan has. */
  gathered(name: string): { readonly items: readonly GatheredItem[]; readonly planned: number };
  /** Whether the stage has a dep of this name. */
  hasDep(name: string): boolean;
  /** Absolute path to write an out to (its parent exists). */
  out(name: string): string;
  /** Folder that survives an interruption and is shared by runs that differ only in the excluded params; null: none. */
  readonly checkpoint: string | null;
  /** Cores that the stage declares (`resources: {cpu: 4}`), 1 where it declares none; in its key. */
  readonly cpu: number;
  /** Ids of the GPUs leased to this cell; empty on a machine with none. */
  readonly gpus: readonly number[];
  /** Set when the run asks for an end: write a checkpoint and return or throw. */
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit?: string): void;
  metric(name: string, value: number, step?: number): void;
  info(text: string): void;
  warn(text: string): void;
}

export type Stage = (context: StageContext) => Promise<void> | void;

export function defineStage(stage: Stage): Stage {
  return stage;
}
