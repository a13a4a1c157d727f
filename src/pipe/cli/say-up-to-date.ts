/** What `pipe run` says when it knows from its witness that nothing has changed. */
import type { WitnessHead } from '../run/witness.ts';
import { paint } from '../screen/line.ts';
import { usesColour } from '../screen/screen.ts';
import { upToDateLine } from '../screen/up-to-date.ts';

export function sayUpToDate(
  { cells, savedMs, color }: WitnessHead,
  { stderr, env }: Pick<NodeJS.Process, 'stderr' | 'env'>,
): void {
  // A reader that went away has what it wanted.
  stderr.on('error', () => {});
  const colour = usesColour(color, env, stderr.isTTY === true);
  stderr.write(`${paint(upToDateLine(cells, savedMs), Number.POSITIVE_INFINITY, colour)}\n`);
}
