/** Draws the embedded image set: a folder in the layout that real images have. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { encodeImageSet } from '../src/nas/data/image-set.ts';
import { drawShapes } from '../src/nas/data/shapes.ts';
import { parseParams } from '../src/nas/params.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.strictObject({
  count: z.number().int().positive(),
  side: z.number().int().min(8).multipleOf(2),
  seed: z.number().int().nonnegative(),
});

export default defineStage(({ params, out, info }) => {
  const options = parseParams(paramsSchema, params);
  const folder = out('set');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'shapes.bin'), encodeImageSet(drawShapes(options)));
  writeFileSync(join(folder, 'shapes.json'), `${JSON.stringify({ side: options.side })}\n`);
  info(`${options.count} generated images of ${options.side}×${options.side} pixels: no real data`);
});
