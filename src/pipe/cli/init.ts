/** `pipe init`: a small pipeline that works at once, to start from. Overwrites nothing. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { type Command, jsonFlag, printJson } from './command.ts';

const files: Readonly<Record<string, string>> = {
  'pipeline.yaml': `version: 1
params:
  throws: 2000
axes:
  seed: [0, 1, 2]
stages:
  estimate:
    description: Estimates π by throwing darts.
    run: stages/estimate.mjs
    matrix: [seed]
    params: { throws: "\${params.throws}", seed: "\${seed}" }
    outs: { result: result.json }
  summary:
    description: The mean over the seeds.
    run: stages/summary.mjs
    deps: { results: estimate.result }
    outs: { metrics: { path: metrics.json, report: metrics } }
`,
  'stages/estimate.mjs': `import { writeFileSync } from 'node:fs';

/** A small seeded generator (mulberry32): the same seed, the same darts. */
function random(seed) {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export default function estimate({ params, out, progress }) {
  const next = random(params.seed);
  let inside = 0;
  for (let i = 0; i < params.throws; i++) {
    if (next() ** 2 + next() ** 2 < 1) inside++;
    if (i % 500 === 0) progress(i, params.throws, 'darts');
  }
  writeFileSync(out('result'), JSON.stringify({ pi: (4 * inside) / params.throws }));
}
`,
  'stages/summary.mjs': `import { readFileSync, writeFileSync } from 'node:fs';

export default function summary({ gathered, out }) {
  const values = gathered('results').items.map(({ path }) => JSON.parse(readFileSync(path, 'utf8')).pi);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  writeFileSync(out('metrics'), JSON.stringify({ pi: mean }));
}
`,
};

const ignoreFile = '.gitignore';
const ignoreText = '# What `pipe run` makes again.\ncache/\nreports/\n';

export const init: Command = {
  name: 'init',
  summary: 'write a small working pipeline to start from',
  usage: '',
  flags: { ...jsonFlag },
  examples: [['pipe init && pipe run', 'then open reports/index.html']],
  async run(parsed, invocation) {
    const { project, stdout } = invocation;
    for (const file of Object.keys(files)) {
      if (await exists(join(project, file))) {
        throw new UserError(`${file} is there already: nothing was written`, {
          code: exitCode.usage,
          hint: 'run `pipe init` in an empty folder',
        });
      }
    }
    // A project has one more often than not. It is the user's: nothing is added to it.
    const ignored = await exists(join(project, ignoreFile));
    const written = ignored ? files : { ...files, [ignoreFile]: ignoreText };
    for (const [file, text] of Object.entries(written)) {
      await mkdir(dirname(join(project, file)), { recursive: true });
      await writeFile(join(project, file), text, { flag: 'wx' });
    }
    if (parsed.is('json')) printJson(invocation, { wrote: Object.keys(written) });
    else {
      for (const file of Object.keys(written)) stdout.write(`wrote ${file}\n`);
      if (ignored) stdout.write(`${ignoreFile} is there already: add cache/ and reports/ to it\n`);
      stdout.write('next: npx pipe run\n');
    }
    return exitCode.ok;
  },
};

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
