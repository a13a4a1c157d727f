// Runs the programs that the set-up needs and turns their failures into messages with a next step.

import { spawnSync } from 'node:child_process';

/** A failure that the person at the keyboard can mend. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} nextStep
   */
  constructor(message, nextStep) {
    super(message);
    this.name = 'SetupError';
    this.nextStep = nextStep;
  }
}

/**
 * Whether `command args` can be started and exits with 0.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Runs a program and returns its stdout; its failure is a SetupError that ends with the program's last lines.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 * @param {string} nextStep
 */
export function run(command, args, options, nextStep) {
  const result = spawnSync(command, args, { maxBuffer: 1 << 26, ...options, encoding: 'utf8' });
  if (result.error) throw new SetupError(`${command} cannot be started: ${result.error.message}`, nextStep);
  if (result.status !== 0) {
    const tail = `${result.stdout}${result.stderr}`.trim().split('\n').slice(-12).join('\n');
    const how = result.signal ?? `exit code ${result.status}`;
    throw new SetupError(`${command} ${args.slice(0, 4).join(' ')} … failed (${how}):\n${tail}`, nextStep);
  }
  return result.stdout;
}

/**
 * Runs `body` and prints what it was and how long it took.
 * @template Result
 * @param {string} what
 * @param {() => Result} body
 */
export function step(what, body) {
  process.stdout.write(`${what} … `);
  const start = performance.now();
  const result = body();
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
