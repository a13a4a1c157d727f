/** The identity function of the SDK is put in by value: a stage's key must not change with the engine's version. */
import type { Plugin } from 'esbuild';

export const stageModule: Plugin = {
  name: 'stage-sdk',
  setup(build) {
    build.onResolve({ filter: /^pipe-experiments\/stage$/ }, () => ({ path: 'stage', namespace: 'pipe' }));
    build.onLoad({ filter: /.*/, namespace: 'pipe' }, () => ({
      contents: 'export function defineStage(stage) { return stage; }',
      loader: 'js',
    }));
  },
};
