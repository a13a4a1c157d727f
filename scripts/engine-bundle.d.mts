import type { BuildOptions } from 'esbuild';

export const modules: BuildOptions;
export function engineBundles(
  place: { readonly root: string; readonly outdir: string; readonly version: string },
  outside: Pick<BuildOptions, 'packages' | 'external'>,
): readonly BuildOptions[];
