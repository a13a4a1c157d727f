/**
 * One graph for every tool: `first[i]` copies `in/i.txt`, `second[i]` copies what that made, `agg` joins them all. Two
 * cells per item and one more. Every command is as cheap as a command can be, so that the tool itself is what is measured.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function writeInputs(folder: string, items: number): void {
  for (const item of range(items)) write(folder, `in/${item}.txt`, `${String(item).padStart(5, '0')}\n`);
}

/** `word` is a param of every cell. */
export function writePipe(folder: string, items: number, word = 'a'): void {
  write(
    folder,
    'pipeline.yaml',
    `version: 1
params: {word: ${word}}
axes: {i: [${range(items).join(', ')}]}
stages:
  first:
    cmd: 'cp \${deps.in} \${outs.file}'
    matrix: [i]
    deps: {in: "in/\${i}.txt"}
    params: {word: "\${params.word}"}
    outs: {file: file.txt}
  second:
    cmd: 'cp \${deps.in} \${outs.file}'
    matrix: [i]
    deps: {in: first.file}
    outs: {file: file.txt}
  agg:
    cmd: 'xargs cat < \${deps.all.list} > \${outs.file}'
    deps: {all: second.file}
    outs: {file: file.txt}
`,
  );
}

/** Ninja looks at times: a copy that has the same bytes keeps its old time, so that it can stop early as well. */
export function writeNinja(folder: string, items: number, word = 'a'): void {
  const copy = 'cmp -s $in $out || cp $in $out';
  const lines = [
    'rule first',
    `  command = : ${word}; ${copy}`,
    '  restat = 1',
    'rule second',
    '  command = cp $in $out',
    'rule cat',
    '  command = xargs cat < $out.rsp > $out',
    '  rspfile = $out.rsp',
    '  rspfile_content = $in_newline',
    ...range(items).map((item) => `build out/first/${item}.txt: first in/${item}.txt`),
    ...range(items).map((item) => `build out/second/${item}.txt: second out/first/${item}.txt`),
    `build out/agg.txt: cat ${range(items)
      .map((item) => `out/second/${item}.txt`)
      .join(' ')}`,
    'default out/agg.txt',
  ];
  write(folder, 'build.ninja', `${lines.join('\n')}\n`);
}

export function writeMake(folder: string, items: number): void {
  write(
    folder,
    'Makefile',
    `items := ${range(items).join(' ')}
out/agg.txt: $(items:%=out/second/%.txt)
\t$(file >out/agg.list,$^)
\txargs cat < out/agg.list > $@
$(shell mkdir -p out/first out/second)
out/second/%.txt: out/first/%.txt
\tcp $< $@
out/first/%.txt: in/%.txt
\tcp $< $@
.SECONDARY:
`,
  );
}

/** Scripts of one package, each with its section. */
export function writeWireit(folder: string, items: number): void {
  const scripts: Record<string, string> = { agg: 'wireit' };
  const wireit: Record<string, object> = {
    agg: {
      command: 'cat out/second/*.txt > out/agg.txt',
      dependencies: range(items).map((item) => `second-${item}`),
      files: [],
      output: ['out/agg.txt'],
    },
  };
  for (const item of range(items)) {
    scripts[`first-${item}`] = 'wireit';
    scripts[`second-${item}`] = 'wireit';
    wireit[`first-${item}`] = {
      command: `mkdir -p out/first && cp in/${item}.txt out/first/${item}.txt`,
      files: [`in/${item}.txt`],
      output: [`out/first/${item}.txt`],
    };
    wireit[`second-${item}`] = {
      command: `mkdir -p out/second && cp out/first/${item}.txt out/second/${item}.txt`,
      dependencies: [`first-${item}`],
      files: [],
      output: [`out/second/${item}.txt`],
    };
  }
  write(folder, 'package.json', JSON.stringify({ name: 'bench', private: true, scripts, wireit }));
}

/** A workspace package per item with two tasks: turbo's unit of work is a task of a package. */
export function writeTurbo(folder: string, items: number): void {
  write(
    folder,
    'package.json',
    JSON.stringify({
      name: 'bench',
      private: true,
      packageManager: 'npm@10.0.0',
      workspaces: ['items/*'],
    }),
  );
  write(
    folder,
    'turbo.json',
    JSON.stringify({
      tasks: {
        first: { inputs: ['in.txt'], outputs: ['first.txt'] },
        second: { dependsOn: ['first'], inputs: ['first.txt'], outputs: ['second.txt'] },
      },
    }),
  );
  const locked: Record<string, object> = {};
  for (const item of range(items)) {
    const scripts = { first: 'cp in.txt first.txt', second: 'cp first.txt second.txt' };
    const manifest = { name: `item-${item}`, version: '1.0.0', scripts };
    write(folder, `items/${item}/package.json`, JSON.stringify(manifest));
    write(folder, `items/${item}/in.txt`, `${item}\n`);
    locked[`items/${item}`] = { name: manifest.name, version: manifest.version };
    locked[`node_modules/item-${item}`] = { resolved: `items/${item}`, link: true };
  }
  write(
    folder,
    'package-lock.json',
    JSON.stringify({
      name: 'bench',
      lockfileVersion: 3,
      packages: { '': { workspaces: ['items/*'] }, ...locked },
    }),
  );
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, item) => item);
}

function write(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
