// biome-ignore-all lint: AssemblyScript: other types, other operators
/**
 * What TensorFlow.js lacks on WebAssembly for training. In AssemblyScript: compiled by build.mjs to WebAssembly and
 * committed as src/nas/backend/wasm/kernel.ts. It works on the memory of TensorFlow.js, which
 * src/nas/backend/wasm/memory.ts allocates: every address, size and step is in bytes. Tensors are float32 in NHWC.
 */
export { filterGradient, interleave, phaseFilter, scratchBytes } from './network/convolution';
export { batchNorm, batchNormGradient, normalise } from './network/normalisation';
export { rectifierGradient } from './network/rectifier';
