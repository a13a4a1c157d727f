/** What `${{ … }}` and conditions of action.yml may name, as GitHub would fill it in. */

export interface ActionContext {
  /** Of the event. */
  readonly payload: object;
  readonly input: (name: string) => string;
  /** Of the step called run; empty before it. */
  readonly exitCode: () => string;
}

/** @throws Error for a path that this knows nothing of: a test must not take it for empty */
export function contextValue(path: string, { payload, input, exitCode }: ActionContext): string {
  if (path === 'steps.run.outputs.exit-code') return exitCode();
  const name = /^inputs\.([\w-]+)$/.exec(path)?.[1];
  if (name !== undefined) return input(name);
  if (path === 'github.event_name') return 'pull_request' in payload ? 'pull_request' : 'push';
  if (path === 'github.ref_name') return 'ref' in payload ? String(payload.ref).slice(11) : '7/merge';
  if (path === 'github.repository') return 'lab/study';
  const fields = /^github\.event\.(.+)$/.exec(path)?.[1]?.split('.');
  if (fields === undefined) throw new Error(`the test knows no value for ${path}`);
  // As GitHub has it, what is not there is empty.
  return String(fields.reduce<unknown>((value, field) => Object(value)[field] as unknown, payload) ?? '');
}
