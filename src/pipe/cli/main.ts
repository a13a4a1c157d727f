#!/usr/bin/env node
/** `pipe`: where nothing has changed since the same command had nothing to do, says so and ends; else does what is asked. */
import { findProject } from '../project/find-project.ts';
import { standsStill } from '../run/witness.ts';
import { sayUpToDate } from './say-up-to-date.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const cwd = process.cwd();
  const project = findProject(cwd);
  const still = argv[0] === 'run' ? await standsStill(project, cwd, argv, process.env) : null;
  if (still) return sayUpToDate(still, process);
  const { dispatch } = await import('./dispatch.ts');
  process.exitCode = await dispatch(argv, project);
}

void main();
