export function buildVegaRuntime(root: string, outfile: string): Promise<void>;
