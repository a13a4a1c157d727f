export function buildPage(root: string, outdir: string): Promise<void>;
export function buildVegaRuntime(root: string, outdir: string): Promise<void>;
