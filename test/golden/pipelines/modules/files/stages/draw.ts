import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbers } from '../lib/parse.ts';

interface Context {
  params: { scale: { factor: number }; variant: { add: number }; seed: number };
  axes: Record<string, string>;
  checkpoint: string | null;
  dep(name: string): string;
  out(name: string): string;
  progress(done: number, total: number, unit?: string): void;
  metric(name: string, value: number): void;
}

export default async function draw(context: Context): Promise<void> {
  const { params } = context;
  const rows = numbers(readFileSync(context.dep('table'), 'utf8'));
  let sum = 0;
  for (const [index, row] of rows.entries()) {
    sum += row * params.scale.factor + params.variant.add + params.seed;
    context.progress(index + 1, rows.length, 'rows');
  }
  context.metric('sum', sum);
  if (!context.checkpoint || !existsSync(context.checkpoint)) throw new Error('no checkpoint folder');
  writeFileSync(join(context.checkpoint, 'last.json'), String(sum));
  writeFileSync(context.out('value'), JSON.stringify({ sum, axes: context.axes }));
}
