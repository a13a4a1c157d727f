/** Small projects whose runs are killed: what each holds, what may be edited in it, and what its outs must be then. */
import { spawnSync } from 'node:child_process';

/** What a user edits between two runs. */
export interface Edition {
  /** Text of in.txt. */
  readonly input: string;
  /** The param `word`. */
  readonly word: string;
  /** A constant of the code of a module. */
  readonly code: string;
}

export interface DoomedProject {
  readonly name: string;
  /** Path → text of every file of the project at an edition. */
  files(edition: Edition): Readonly<Record<string, string>>;
  /** Path below the project → text, `folder` or `link TARGET`: all that stands below `cache/cells` and `placed`. */
  outs(edition: Edition): Readonly<Record<string, string>>;
  /** Where a user puts files of their own: beside outs and among them. */
  readonly notes: readonly string[];
  /** Files of outs that a user edits where they stand. */
  readonly edited: readonly string[];
}

const three = [0, 1, 2];

/** Outs of their own, outs that several cells share, and a gather of them. */
const files: DoomedProject = {
  name: 'file',
  files: ({ input, word }) => ({
    'in.txt': input,
    'pipeline.yaml': `version: 1
params: {word: ${word}}
axes: {i: [0, 1, 2]}
stages:
  own: {cmd: 'cat \${deps.in} > \${outs.file}; echo \${i} \${params.word} >> \${outs.file}; echo same > \${outs.same}', matrix: [i], deps: {in: in.txt}, outs: {file: file.txt, same: same.txt}}
  all: {cmd: 'cat \${deps.own} > \${outs.file}', deps: {own: own.file}, outs: {file: file.txt}}
`,
  }),
  outs: ({ input, word }) => ({
    ...Object.fromEntries(
      three.flatMap((i) => [
        [`cache/cells/own@${i}`, 'folder'],
        [`cache/cells/own@${i}/file.txt`, `${input}${i} ${word}\n`],
        [`cache/cells/own@${i}/same.txt`, 'same\n'],
      ]),
    ),
    'cache/cells/all': 'folder',
    'cache/cells/all/file.txt': three.map((i) => `${input}${i} ${word}\n`).join(''),
  }),
  notes: ['cache/cells/own@0/NOTES.md', 'cache/cells/all/sub/NOTES.md'],
  edited: ['cache/cells/own@1/file.txt', 'cache/cells/all/file.txt'],
};

/** A folder with a link and an empty folder, put in two places besides. */
const folders: DoomedProject = {
  name: 'folder, placed',
  files: ({ input, word }) => ({
    'in.txt': input,
    'pipeline.yaml': `version: 1
params: {word: ${word}}
stages:
  folder:
    cmd: 'mkdir -p \${outs.files}/empty \${outs.files}/sub; echo \${params.word} > \${outs.files}/sub/all; cp \${deps.in} \${outs.files}/in; ln -s in \${outs.files}/link; echo \${params.word} > \${outs.one}'
    deps: {in: in.txt}
    outs: {files: {path: files, place: placed/files}, one: {path: one.txt, place: placed/one.txt}}
  after: {cmd: 'cat \${deps.files}/in \${deps.one} > \${outs.file}', deps: {files: folder.files, one: folder.one}, outs: {file: {path: file.txt, place: placed/after.txt}}}
`,
  }),
  outs: ({ input, word }) => ({
    ...Object.fromEntries(
      ['cache/cells/folder/files', 'placed/files'].flatMap((at) => [
        [at, 'folder'],
        [`${at}/empty`, 'folder'],
        [`${at}/sub`, 'folder'],
        [`${at}/sub/all`, `${word}\n`],
        [`${at}/in`, input],
        [`${at}/link`, 'link in'],
      ]),
    ),
    'cache/cells/folder': 'folder',
    'cache/cells/folder/one.txt': `${word}\n`,
    'placed/one.txt': `${word}\n`,
    'cache/cells/after': 'folder',
    'cache/cells/after/file.txt': `${input}${word}\n`,
    'placed/after.txt': `${input}${word}\n`,
  }),
  notes: [
    'placed/NOTES.md',
    'placed/files/NOTES.md',
    'placed/files/sub/NOTES.md',
    'cache/cells/folder/NOTES.md',
  ],
  edited: ['placed/one.txt', 'placed/files/in', 'cache/cells/folder/files/sub/all', 'placed/after.txt'],
};

/** Goes on from its checkpoint, and makes the same whether it was interrupted or not. */
const modules: DoomedProject = {
  name: 'module',
  files: ({ input, word, code }) => ({
    'in.txt': input,
    'lib/word.ts': `export const code = '${code}';\n`,
    'stages/train.ts': `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { code } from '../lib/word.ts';
interface Context { dep(name: string): string; out(name: string): string; params: { word: string }; checkpoint: string | null }
export default ({ dep, out, params, checkpoint }: Context) => {
  const file = join(checkpoint ?? '', 'epochs');
  const done = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  for (let epoch = done; epoch < 5; epoch++) appendFileSync(file, '.');
  writeFileSync(out('weights'), readFileSync(dep('in'), 'utf8') + params.word + code + readFileSync(file, 'utf8').slice(0, 5));
};
`,
    'pipeline.yaml': `version: 1
params: {word: ${word}}
stages:
  train: {run: stages/train.ts, deps: {in: in.txt}, params: {word: '\${params.word}'}, checkpoint: true, outs: {weights: {path: w.txt, place: placed/w.txt}}}
  after: {cmd: 'cat \${deps.weights} > \${outs.file}', deps: {weights: train.weights}, outs: {file: file.txt}}
`,
  }),
  outs: ({ input, word, code }) => {
    const weights = `${input}${word}${code}.....`;
    return {
      'cache/cells/train': 'folder',
      'cache/cells/train/w.txt': weights,
      'placed/w.txt': weights,
      'cache/cells/after': 'folder',
      'cache/cells/after/file.txt': weights,
    };
  },
  notes: ['placed/NOTES.md', 'cache/cells/train/NOTES.md'],
  edited: ['placed/w.txt', 'cache/cells/after/file.txt'],
};

const python: DoomedProject = {
  name: 'python',
  files: ({ input, word, code }) => ({
    'in.txt': input,
    'lib/__init__.py': '',
    'lib/word.py': `CODE = "${code}"\n`,
    'stages/train.py': `from pipe_stage import dep, out, params
from lib.word import CODE

out("o").write_text(dep("in").read_text() + params["word"] + CODE)
`,
    'pipeline.yaml': `version: 1
params: {word: ${word}}
stages:
  train: {run: stages/train.py, deps: {in: in.txt}, params: {word: '\${params.word}'}, outs: {o: {path: o.txt, place: placed/o.txt}}}
`,
  }),
  outs: ({ input, word, code }) => ({
    'cache/cells/train': 'folder',
    'cache/cells/train/o.txt': `${input}${word}${code}`,
    'placed/o.txt': `${input}${word}${code}`,
  }),
  notes: ['placed/NOTES.md', 'cache/cells/train/NOTES.md'],
  edited: ['placed/o.txt'],
};

/** Python's only where it is installed. */
export function doomedProjects(): readonly DoomedProject[] {
  const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
  return [files, folders, modules, ...(hasPython ? [python] : [])];
}
