/** Joins the shares of stand-alone results into a benchmark table as CSV, in the order of the architectures' codes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { csvRecords } from '../src/lib/csv.ts';
import { parseParams } from '../src/nas/params.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.strictObject({
  dataset: z.string(),
  epochs: z.number().int().positive(),
});

export default defineStage(({ params, gathered, out, info }) => {
  const { dataset, epochs } = parseParams(paramsSchema, params);
  const measured = gathered('measured')
    .items.flatMap(({ path }) => csvRecords(readFileSync(path, 'utf8')).records)
    .map(({ fields }) => fields)
    .sort(([a], [b]) => Number(a) - Number(b));
  const rows = measured.flatMap(([index, ops, train, valid, test, parameters]) =>
    Object.entries({ train, 'x-valid': valid, test }).map(([split, accuracy]) =>
      [index, ops, dataset, split, epochs, -1, -1, accuracy, parameters].join(','),
    ),
  );
  const header = 'index,ops,dataset,split,hp,epoch,seed,accuracy,params';
  writeFileSync(out('table'), `${[header, ...rows].join('\n')}\n`);
  info(`${measured.length} architectures`);
});
