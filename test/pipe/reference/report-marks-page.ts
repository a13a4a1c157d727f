/** docs/reference/report-marks.md: the prose and examples here, the tables of keys out of the schemas. */
import { z } from 'zod';
import * as format from '../../../src/pipe/report-format.ts';
import { type Schema, schemaTable } from './schema-table.ts';

/** The schema of each mark that is a JSON document; the examples under its heading are of it. */
export const markSchemas = {
  table: format.tableMark,
  metrics: format.metricsMark,
  claims: format.claimsMark,
  notice: format.noticeMark,
  figures: format.figureMark,
} as const satisfies Readonly<Record<string, z.ZodType>>;

export function reportMarksPage(): string {
  return page.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const schema = Object.entries(format).find(([key]) => key === name)?.[1];
    if (!(schema instanceof z.ZodType)) throw new Error(`report-format.ts has no schema ${name}`);
    return schemaTable(z.toJSONSchema(schema, { io: 'input' }) as Schema);
  });
}

const page = `# Report marks

<!-- Made from the schemas by \`npm run docs\`. -->

An out with \`report:\` in \`pipeline.yaml\` goes into the report. Its mark says what the file must hold:

\`\`\`yaml
outs:
  summary: { path: summary.json, report: table }
  metrics: { path: metrics.json, report: metrics }
  claims: { path: claims.json, report: claims }
  notice: { path: notice.json, report: notice }
  figures: { path: figures, report: figures }
\`\`\`

A TypeScript stage imports schemas and types from \`pipe-experiments/report\` and is checked while it is written:

\`\`\`ts
import { writeFileSync } from 'node:fs';
import { metricsMark } from 'pipe-experiments/report';
import { defineStage } from 'pipe-experiments/stage';

export default defineStage((stage) => {
  writeFileSync(stage.out('metrics'), JSON.stringify(metricsMark.parse({ accuracy: 93.4 })));
});
\`\`\`

A file that is not what its mark says is reported at the end of the run with file, line and column; with \`--strict\` the
exit code is 1 then. A file is read up to 4 MB, a figure up to 8 MB, a text up to 10,000 characters. \`*\` marks a key that
must be there; keys that are not listed are ignored.

## \`table\`

{{tableMark}}

A column:

{{tableColumn}}

A \`spread\` is shown as mean ± standard deviation, and with n where it is short of what was planned:

{{spread}}

\`\`\`json
{
  "title": "Accuracy by variant",
  "caption": "Mean of three seeds on the test images.",
  "columns": [
    { "name": "variant", "label": "Variant", "kind": "text" },
    { "name": "accuracy", "label": "Accuracy", "kind": "spread", "digits": 1, "unit": "%", "better": "higher" },
    { "name": "size", "label": "Weights", "kind": "number", "group": "Cost" }
  ],
  "rows": [
    { "variant": "baseline", "accuracy": { "mean": 93.4, "std": 0.2, "n": 3, "planned": 3 }, "size": 120000 },
    { "variant": "no-zero", "accuracy": { "mean": null, "std": null, "n": 0, "planned": 3 }, "size": 110000 }
  ],
  "notes": ["no-zero did not run."]
}
\`\`\`

## \`metrics\`

A map of names to numbers, \`null\` where a number is undefined. A number can say what it means; those that do come first:

{{keyFigure}}

\`\`\`json
{
  "accuracy": { "value": 93.4, "means": "Of 10,000 test images, mean of three seeds.", "unit": "%" },
  "loss": 0.214,
  "regret": null
}
\`\`\`

\`pipe metrics\` prints the numbers.

## \`claims\`

{{claimsMark}}

A claim:

{{claim}}

A part of it:

{{claimPart}}

\`\`\`json
{
  "claims": [
    {
      "id": "1",
      "statement": "Without pooling the ranking turns around.",
      "source": "section 4.1, figure 4",
      "verdict": "supported",
      "detail": "τ_a falls by 1.60 [0.80, 2.00], n = 5",
      "effect": -1.6,
      "interval": [-2, -0.8],
      "n": 5,
      "planned": 5,
      "scale": "8 channels, 15 epochs",
      "paper": "τ_a = −1",
      "parts": [
        { "what": "τ_a without pooling, less with it", "effect": -1.6, "interval": [-2, -0.8], "n": 5, "side": "as claimed (< 0)" }
      ]
    }
  ],
  "hint": "\`--profile paper\` runs the variants that are left out here"
}
\`\`\`

## \`notice\`

Shown at the head of the report.

{{noticeMark}}

\`\`\`json
{
  "level": "warning",
  "title": "A small run",
  "text": "Two epochs show that the machinery works, and nothing else.",
  "facts": { "images": "CIFAR-10, 2,000 of 50,000" }
}
\`\`\`

## \`figures\`

A folder. Each \`NAME.vl.json\` in it is a Vega-Lite specification with its data inside, and \`NAME.csv\` beside it, where there
is one, holds the numbers behind it. \`usermeta.pipe\` says what it is:

{{figureMeta}}

\`\`\`json
{
  "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
  "usermeta": {
    "pipe": {
      "title": "Predicted and benchmark accuracy",
      "caption": "Each point is an architecture.",
      "section": "Ranking",
      "order": 2
    }
  },
  "data": { "values": [{ "predicted": 41.2, "benchmark": 91.3 }] },
  "mark": "point",
  "encoding": {
    "x": { "field": "predicted", "type": "quantitative" },
    "y": { "field": "benchmark", "type": "quantitative" }
  }
}
\`\`\`

The page sets text, axes and grid in its own light or dark colours; the colours of the data stay the figure's.

## Metrics by step

These need no mark: what a stage reports with \`stage.metric(name, value, step)\`, or a command as a \`metric\` event with a
\`step\`, is drawn as curves, one line per cell. See [the stage API](stage-api.md) and [the job file](job-file.md).
`;
