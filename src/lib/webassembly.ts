// Runs the kernels that scripts/kernels compiles.

/** The part of WebAssembly that is used; Node's types name the rest of it only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number }) => KernelMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** A WebAssembly.Memory. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
}

/** Zeros, in pages of 65,536 bytes. */
export function newMemory(pages: number): KernelMemory {
  return new WebAssembly.Memory({ initial: pages });
}

/** The functions of a kernel (its module in base64), which read and write `memory`. */
export function loadKernel<Exports>(base64: string, memory: KernelMemory): Exports {
  const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}
