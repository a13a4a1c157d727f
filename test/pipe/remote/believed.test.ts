/** What a remote has is taken only when everything about it holds: a folder in which somebody wrote something else. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canonicalJson, type JsonObject } from '../../../src/lib/json.ts';
import { type RemoteSettings, remoteSettings } from '../../../src/pipe/remote/settings.ts';
import { verifyCache } from '../../../src/pipe/store/verify.ts';
import { Folder } from '../../kit/folder.ts';
import { Pipeline } from '../../kit/pipeline.ts';

const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pipeline = `version: 1
stages:
  a: {cmd: 'echo a > \${outs.o}; mkdir \${outs.d}; echo b > \${outs.d}/b', outs: {o: o.txt, d: d}}
`;

let shared: Folder;
let projects: Pipeline[];
beforeEach(() => {
  shared = new Folder();
  projects = [];
});
afterEach(() => {
  for (const project of [shared, ...projects]) project.remove();
});

function checkout(): Pipeline {
  const project = new Pipeline();
  projects.push(project);
  project.write('pipeline.yaml', pipeline);
  return project;
}

function settings(project: Pipeline, { sign = false, trust = false } = {}): RemoteSettings | null {
  return remoteSettings({
    cache: {
      remote: null,
      name: null,
      mode: 'read-write',
      sign: sign ? 'PIPE_SIGNING_KEY' : null,
      trust: trust ? [publicKey] : [],
    },
    flag: null,
    readOnly: false,
    env: { PIPE_REMOTE: shared.dir, PIPE_SIGNING_KEY: pem },
    project: project.dir,
  });
}

/** Files of a shelf, absolute. */
function onShelf(shelf: 'ac' | 'cas'): readonly string[] {
  const root = join(shared.dir, shelf);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}

function editEntry(change: (entry: JsonObject) => JsonObject): void {
  for (const file of onShelf('ac')) {
    const entry: JsonObject = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '');
    writeFileSync(file, `${canonicalJson(change(entry))}\n`);
  }
}

/** Another checkout runs: what was made there, and that it is right whoever made it. */
async function ranElsewhere(how: Parameters<typeof settings>[1] = {}): Promise<readonly string[]> {
  const other = checkout();
  const { outcome, done } = await other.run({ remote: settings(other, how) });
  expect(outcome.exitCode).toBe(0);
  expect(other.read('cache/cells/a/o.txt')).toBe('a\n');
  expect(readdirSync(join(other.dir, 'cache/cells/a/d'))).toEqual(['b']);
  expect((await verifyCache(other.dir)).bad).toEqual([]);
  // It never came so far that the store had to move it out of the way.
  expect(other.has('cache/quarantine')).toBe(false);
  return done;
}

async function makeAndShare(how: Parameters<typeof settings>[1] = {}): Promise<void> {
  const first = checkout();
  expect((await first.run({ remote: settings(first, how) })).done).toEqual(['a']);
  expect(onShelf('ac')).toHaveLength(1);
  expect(onShelf('cas')).toHaveLength(3);
}

test('what a remote has is taken', async () => {
  await makeAndShare();
  expect(await ranElsewhere()).toEqual([]);
});

test('a content that is not what its name says is not taken', async () => {
  await makeAndShare();
  for (const file of onShelf('cas')) if (readFileSync(file, 'utf8') === 'a\n') writeFileSync(file, 'z\n');
  expect(await ranElsewhere()).toEqual(['a']);
});

test('the entry of another key is not taken', async () => {
  await makeAndShare();
  // As if the other key had produced what this one is asked for.
  editEntry(({ fingerprint, ...entry }) => ({
    ...entry,
    fingerprint: { ...(fingerprint as JsonObject), params: { other: 1 } },
  }));
  expect(await ranElsewhere()).toEqual(['a']);
});

test('an entry with other outs than its fingerprint declares is not taken', async () => {
  await makeAndShare();
  editEntry(({ outs, ...entry }) => {
    const { o, ...others } = outs as JsonObject;
    return { ...entry, outs: { ...others, o: { ...(o as JsonObject), path: 'elsewhere.txt' } } };
  });
  expect(await ranElsewhere()).toEqual(['a']);
});

test('an entry that nobody trusted signed is not taken', async () => {
  await makeAndShare();
  expect(await ranElsewhere({ trust: true })).toEqual(['a']);
});

test('an entry that somebody trusted signed is taken', async () => {
  await makeAndShare({ sign: true, trust: true });
  expect(await ranElsewhere({ trust: true })).toEqual([]);
});

test('a folder that does not add up to its entry is not taken', async () => {
  await makeAndShare();
  editEntry(({ outs, ...entry }) => {
    const { d, ...others } = outs as JsonObject;
    return { ...entry, outs: { ...others, d: { ...(d as JsonObject), files: 7 } } };
  });
  expect(await ranElsewhere()).toEqual(['a']);
});

test('no entry is brought whose contents could not be', async () => {
  // Where contents belong lies something else.
  writeFileSync(join(shared.dir, 'cas'), '');
  const first = checkout();
  const { outcome } = await first.run({ remote: settings(first) });
  expect(outcome.exitCode).toBe(0);
  expect(onShelf('ac')).toEqual([]);
});
