/** The table of verbs: how to load each when it is asked for. */
import type { Command } from './command.ts';

export const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  attach: async () => (await import('./attach.ts')).attach,
  ps: async () => (await import('./ps.ts')).ps,
  serve: async () => (await import('./serve.ts')).serve,
  status: async () => (await import('./status.ts')).status,
  why: async () => (await import('./why.ts')).why,
  runs: async () => (await import('./runs.ts')).runs,
  show: async () => (await import('./show.ts')).show,
  compare: async () => (await import('./compare.ts')).compareVerb,
  plan: async () => (await import('./plan.ts')).plan,
  dag: async () => (await import('./dag.ts')).dag,
  ls: async () => (await import('./ls.ts')).ls,
  logs: async () => (await import('./logs.ts')).logs,
  report: async () => (await import('./report.ts')).report,
  metrics: async () => (await import('./metrics.ts')).metrics,
  params: async () => (await import('./params.ts')).params,
  cache: async () => (await import('./cache.ts')).cache,
  verify: async () => (await import('./verify.ts')).verify,
  shell: async () => (await import('./shell.ts')).shell,
  init: async () => (await import('./init.ts')).init,
  import: async () => (await import('./import.ts')).importVerb,
  schema: async () => (await import('./schema.ts')).schema,
  doctor: async () => (await import('./doctor.ts')).doctor,
};
