/** The size of things: files up to 300 lines, functions up to 60, four arguments at most. What is more says why. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Functions that take more arguments, `file: name`, each with its reason. */
const manyArguments: Readonly<Record<string, string>> = {
  'src/nas/backend/tensorflow/tensorflow.ts: conv2dBias': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/tensorflow/tensorflow.ts: batchNormFixed': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/wasm.ts: conv2dBias': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/wasm.ts: batchNormFixed': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/convolution.ts: inputGradient': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/convolution.ts: filterGradient': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/normalisation.ts: batchNorm': 'a kernel’s operands, as the field writes them',
  'src/nas/backend/wasm/normalisation.ts: batchNormFixed': 'a kernel’s operands, as the field writes them',
  'test/nas/backend/reference.ts: at': 'a kernel’s operands, as the field writes them',
  'test/nas/backend/reference.ts: products': 'a kernel’s operands, as the field writes them',
  'src/nas/bzip2/memory.ts: readSymbols': 'the signature of a compiled function: numbers and addresses',
  'src/nas/benchmark/columns.ts: push':
    'called per row of a benchmark of 60 million: an object each would be most of the time',
  'src/nas/data/augment.ts: writeAugmented':
    'called per image of every batch, into a place of a larger array',
  'src/nas/data/augment.ts: cropAndFlip': 'called per image of every batch',
  'src/nas/data/batches.ts: fillBatch': 'which batch, and the two arrays that it fills',
  'src/nas/data/shapes.ts: drawImage': 'what to draw, and the place of a larger array that it is drawn into',
  'src/nas/convert/cost.ts: convolve': 'the five sizes of a convolution',
  'src/pipe/cell/inputs.ts: pathDep': 'a path and the three names that it has',
  'src/pipe/config/load-stage.ts: loadRun': 'a stage, and where its text stands',
  'src/pipe/config/load-stage.ts: loadPattern': 'a pattern, and where its text stands',
  'src/pipe/report/page/section/tables.ts: tableCell': 'a cell, and what it is compared with',
  'src/pipe/sources/source.ts: downloadOnce': 'a source, and where it comes and goes',
  'test/parity/parity.test.ts: near': 'two arrays, two tolerances and what they are called',
};

interface Source {
  /** Relative to the checkout. */
  readonly file: string;
  readonly text: string;
}

// scripts/kernels is AssemblyScript: functions of numbers alone, without objects to group them in.
const sources: readonly Source[] = ['src', 'stages', 'perf', 'scripts', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter(
      (file) =>
        /\.(?:m?ts|mjs)$/.test(file) && !/^(?:scripts\/kernels|test\/golden|test\/fixtures)\//.test(file),
    )
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') })),
);

interface FunctionSize {
  /** `file: name`. */
  readonly name: string;
  readonly lines: number;
  readonly arguments: number;
}

/** Those that have a name. What `describe` and `test` are given has none. */
const functions: readonly FunctionSize[] = sources.flatMap(({ file, text }) => {
  const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: FunctionSize[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const name = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
      const line = (position: number) => parsed.getLineAndCharacterOfPosition(position).line;
      if (name || !file.startsWith('test/'))
        found.push({
          name: `${file}: ${name?.getText(parsed) ?? (ts.isConstructorDeclaration(node) ? 'constructor' : 'a callback')}`,
          lines: line(node.end) - line(node.getStart(parsed)) + 1,
          arguments: node.parameters.length,
        });
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
});

test('a file over 300 lines says in its head why it is long', () => {
  expect(sources.length).toBeGreaterThan(400);
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > 300);
  const headOf = (text: string) => /^\s*(?:\/\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(text)?.[0] ?? '';
  expect(long.filter(({ text }) => !/long because/i.test(headOf(text))).map(({ file }) => file)).toEqual([]);
});

test('a function has at most 60 lines', () => {
  expect(functions.length).toBeGreaterThan(1500);
  const long = functions.filter(({ lines }) => lines > 60);
  expect(long.map(({ name, lines }) => `${name}: ${lines}`)).toEqual([]);
});

test('a function takes at most four arguments, unless the list says why', () => {
  const many = functions.filter((one) => one.arguments > 4);
  const unexplained = many.filter(({ name }) => !(name in manyArguments));
  expect(unexplained.map((one) => `${one.name}: ${one.arguments}`)).toEqual([]);
  // A reason without a case goes.
  expect(Object.keys(manyArguments).filter((name) => !many.some((one) => one.name === name))).toEqual([]);
});
