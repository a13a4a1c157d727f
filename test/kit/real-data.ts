/**
 * A sample of real data that the tests know and the repository does not carry: the folder that PIPE_TEST_DATA names, else
 * ../shared/data beside the checkout. Tests that need it are skipped where it is not, and listed at the end of a run.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = resolve(root, process.env.PIPE_TEST_DATA || '../shared/data');

/** 20,000 images of CIFAR-10 in its binary batches: a folder. */
export const realImages = join(folder, 'cifar10');

/** NAS-Bench-201 as a compact table. */
export const realTable = join(folder, 'nb201/nb201_compact.csv');

/** Raw files of architectures 0 and 284 in the NATS-tss format, and the benchmark's own description: a folder. */
export const realFiles = join(folder, 'nats-tss-simple');

/** dvc.yaml and params.yaml of a public project: a folder. */
export const realDvcProject = join(folder, 'imports/example-get-started');
