/** The one line of a run that has nothing to do. */
import { countText, durationText } from '../../lib/format.ts';
import type { Line } from './line.ts';

/** `savedMs`: what the cells took when they ran. */
export function upToDateLine(cells: number, savedMs: number): Line {
  const saved = savedMs >= 1000 ? ` (${durationText(savedMs)} saved)` : '';
  return [{ text: '✓ ', style: 'green' }, `up to date: ${countText(cells, 'cell')}${saved}`];
}
