// Program for the reproducibility test: trains the probe network and prints a digest of its weights.

import { createHash } from 'node:crypto';
import { openBackend } from '../../../src/nas/backend/open.ts';
import { probe } from '../../../src/nas/backend/probe.ts';

const [name = 'auto', threads = '1'] = process.argv.slice(2);
const { weights } = probe(await openBackend(name, { threads: Number(threads) }), 50);
console.log(createHash('sha256').update(Buffer.from(weights.buffer)).digest('hex'));
