/**
 * The program that draws figures, in a process of its own: a specification is somebody's program, and it may neither
 * end nor block the run that reports it. Started by drawing-process.ts.
 */
import type { DrawReply, DrawRequest, KeptFigure } from './drawing.ts';
import { interactiveSpec } from './interactive.ts';
import { figureVersions, renderVegaLite } from './vega.ts';

const reply = (answer: DrawReply): void => {
  process.send?.(answer);
};
const failed = (error: unknown): void =>
  reply({ error: error instanceof Error ? error.message : String(error) });

process.on('message', (request: DrawRequest) => {
  draw(request).then((figure) => reply({ figure }), failed);
});
// Vega throws some errors where no caller can catch them.
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
process.on('disconnect', () => process.exit());

async function draw({ spec, ...called }: DrawRequest): Promise<KeptFigure> {
  const drawn = await renderVegaLite(spec, called);
  return { drawn, live: await interactiveSpec(spec, drawn.warnings) };
}

// The time that a figure may take begins when the libraries are loaded.
await figureVersions();
reply('ready');
