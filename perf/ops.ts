/**
 * Where the time of a strictly fair step goes, kernel by kernel: `npm run bench:ops -- --backend wasm`. Each kernel of
 * the backend is timed where the network calls it; the rest is the tape and the optimizer.
 */
import { parseArgs } from 'node:util';
import type { Backend } from '../src/nas/backend/contract/backend.ts';
import { openBackend } from '../src/nas/backend/open.ts';
import { stepSetting, strictlyFairPaths, trainingStep } from './step.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    backend: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: '1' },
    /** Channels × cells a stage × batch. */
    setting: { type: 'string', default: '16x1x64' },
    steps: { type: 'string', default: '3' },
    side: { type: 'string', default: '32' },
  },
});

interface Spent {
  calls: number;
  ms: number;
}

const setting = stepSetting(flags.setting, Number(flags.side));
const steps = Number(flags.steps);
const spent = new Map<string, Spent>();
const backend = timed(await openBackend(flags.backend, { threads: Number(flags.threads) }), spent);
const run = trainingStep(backend, setting);
const paths = strictlyFairPaths(setting);
// The first step compiles and caches; it is not counted.
run(paths());
spent.clear();
let total = 0;
for (let step = 0; step < steps; step++) total += run(paths());
const rows = [...spent]
  .map(([kernel, { calls, ms }]) => ({ kernel, calls: calls / steps, ms: ms / steps, share: ms / total }))
  .sort((a, b) => b.ms - a.ms);
if (flags.json) {
  console.log(
    JSON.stringify({ backend: backend.id, setting: flags.setting, stepMs: total / steps, rows }, null, 2),
  );
} else {
  console.log(
    `${backend.id.version}, ${flags.setting}, ${backend.id.threads} threads: ${(total / steps).toFixed(0)} ms a step`,
  );
  for (const { kernel, calls, ms, share } of rows) {
    console.log(
      `  ${kernel.padEnd(40)} ${calls.toFixed(0).padStart(6)} calls ${ms.toFixed(1).padStart(9)} ms ${(100 * share).toFixed(1).padStart(5)} %`,
    );
  }
}

/** The same backend, each of whose kernels adds its time and calls to `into`; the convolutions by filter size and stride. */
function timed(inner: Backend, into: Map<string, Spent>): Backend {
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string' || name === 'scope') {
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (...args: unknown[]) => {
        const start = performance.now();
        try {
          return value.apply(target, args);
        } finally {
          const label = name.startsWith('conv2d') ? `${name} ${convolutionOf(name, args)}` : name;
          const entry = into.get(label) ?? { calls: 0, ms: 0 };
          into.set(label, { calls: entry.calls + 1, ms: entry.ms + performance.now() - start });
        }
      };
    },
  });
}

/** `3×3 /2`: the filter's side and the stride. */
function convolutionOf(name: string, args: readonly unknown[]): string {
  const filter = args[1] as { shape: readonly number[] } | readonly number[];
  const size = ('shape' in filter ? filter.shape : filter)[0];
  return `${size}×${size} /${args[name === 'conv2d' ? 2 : 3]}`;
}
