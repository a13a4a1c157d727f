/** The table of verbs: a summary for `pipe --help`, and how to load each when it is asked for. */
import type { Command } from './command.ts';

interface Verb {
  readonly summary: string;
  load(): Promise<Command>;
}

export const verbs: Readonly<Record<string, Verb>> = {
  run: {
    summary: 'Run what is not up to date',
    load: async () => (await import('./run.ts')).run,
  },
  status: {
    summary: 'Say what is up to date and what is not',
    load: async () => (await import('./status.ts')).status,
  },
  why: {
    summary: 'Say why a cell must run, or why it need not',
    load: async () => (await import('./why.ts')).why,
  },
  plan: {
    summary: 'List what a run would do (run --dry-run)',
    load: async () => (await import('./plan.ts')).plan,
  },
  dag: {
    summary: 'Draw the graph, as text or Mermaid',
    load: async () => (await import('./dag.ts')).dag,
  },
  ls: {
    summary: 'List cells, their state and their outs',
    load: async () => (await import('./ls.ts')).ls,
  },
  logs: {
    summary: 'Print the last log of a cell',
    load: async () => (await import('./logs.ts')).logs,
  },
  report: {
    summary: 'Write reports/index.html from what is there',
    load: async () => (await import('./report.ts')).report,
  },
  metrics: {
    summary: 'Print metrics, or compare them with an earlier report',
    load: async () => (await import('./metrics.ts')).metrics,
  },
  params: {
    summary: 'Print params, or compare them with a profile',
    load: async () => (await import('./params.ts')).params,
  },
  cache: {
    summary: 'List, verify or clean the cache',
    load: async () => (await import('./cache.ts')).cache,
  },
  verify: {
    summary: 'Run a cell twice and compare: is it deterministic?',
    load: async () => (await import('./verify.ts')).verify,
  },
  init: {
    summary: 'Write a small working pipeline to start from',
    load: async () => (await import('./init.ts')).init,
  },
  schema: {
    summary: 'Print the JSON Schema of pipeline.yaml',
    load: async () => (await import('./schema.ts')).schema,
  },
  doctor: {
    summary: 'Check this machine: what is there, what is missing',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};
