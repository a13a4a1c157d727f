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
  usage: '[flags]',
  flags: {
    ...jsonFlag,
    template: {
      type: 'string',
      value: 'NAME',
      help: 'Start from `python`, `typescript`, `shell`, `sweep`, `data` or `cluster`',
    },
  },
  examples: [
    ['pipe init && pipe run', 'then open reports/index.html'],
    ['pipe init --template python', 'stages in Python, with a matrix, seeds, a figure and a test'],
  ],
  async run(parsed, invocation) {
    const { project, stdout } = invocation;
    const { files, test } = await chosen(parsed.text('template'));
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
    if (parsed.is('json')) printJson(invocation, { wrote: Object.keys(written), test });
    else {
      for (const file of Object.keys(files)) stdout.write(`wrote ${file}\n`);
      stdout.write(
        ignored ? `${ignoreFile} is there already: add cache/ and reports/ to it\n` : `wrote ${ignoreFile}\n`,
      );
      if (test !== null) stdout.write(`its test: ${test}\n`);
      stdout.write('next: npx pipe run\n');
      if (process.platform === 'linux')
        stdout.write(
          'later: npx pipe verify --trace CELL lists files that a stage opens without declaring them\n',
        );
    }
    return exitCode.ok;
  },
};

/** `test`: how the template's own test is run; null: it has none. */
async function chosen(
  name: string | null,
): Promise<{ readonly files: Readonly<Record<string, string>>; readonly test: string | null }> {
  if (name === null) return { files, test: null };
  const { isTemplate, templateFiles, templates } = await import('../template/template.ts');
  if (isTemplate(name)) return { files: Object.fromEntries(templateFiles(name)), test: templates[name].test };
  const { didYouMean, listOf } = await import('../../lib/diagnostics/suggest.ts');
  throw new UserError(`there is no template \`${name}\``, {
    code: exitCode.usage,
    hint: didYouMean(name, Object.keys(templates)) ?? `there is ${listOf(Object.keys(templates))}`,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
