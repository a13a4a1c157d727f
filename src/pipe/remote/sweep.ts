/** What of a remote nothing needs any more: entries that no plan reaches and that are old, and contents that no entry names. */
import type { Sha256 } from '../../lib/sha256.ts';
import { decodeListing, ListingError } from '../digest/listing.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import { BadEntry, decodeEntry, entryLimitBytes, type SharedResult } from './entry.ts';
import { type Listed, type Remote, RemoteFault, type RemoteItem, type Sweeping } from './remote.ts';

export interface Needed {
  readonly keys: ReadonlySet<Key>;
  /** Cells whose keys are not known now: every result of them stays. */
  readonly unknown: ReadonlySet<CellId>;
  /** Milliseconds since 1970: what was written since stays. */
  readonly since: number;
}

export interface RemoteGarbage {
  readonly entries: readonly Listed[];
  readonly contents: readonly Listed[];
  readonly kept: { readonly entries: number; readonly contents: number; readonly bytes: number };
}

const listingLimitBytes = 64 * 1024 * 1024;
/** Removes nothing. @throws RemoteFault: what cannot be read may name anything, so nothing may go */
export async function remoteGarbage(
  remote: Remote,
  sweeping: Sweeping,
  needed: Needed,
): Promise<RemoteGarbage> {
  // Listed before the entries are: a content that comes meanwhile is not in it.
  const contents = await all(sweeping.list('cas'));
  const entries: Listed[] = [];
  const named = new Set<string>();
  let kept = 0;
  for await (const one of sweeping.list('ac')) {
    const result = await resultAt(remote, one.name as Key);
    const stays =
      needed.keys.has(one.name as Key) ||
      one.written >= needed.since ||
      (result !== null && needed.unknown.has(result.cell));
    if (!stays) {
      entries.push(one);
      continue;
    }
    kept++;
    if (result !== null) for (const name of await contentsOf(remote, result)) named.add(name);
  }
  // Contents arrive before the entry that names them: a young one may be about to be named.
  const garbage = contents.filter(({ name, written }) => !named.has(name) && written < needed.since);
  const gone = new Set(garbage);
  const rest = contents.filter((one) => !gone.has(one));
  return {
    entries,
    contents: garbage,
    kept: { entries: kept, contents: rest.length, bytes: rest.reduce((sum, { size }) => sum + size, 0) },
  };
}

/** Entries first: while their contents are there nobody is led astray. @throws RemoteFault */
export async function sweepRemote(sweeping: Sweeping, { entries, contents }: RemoteGarbage): Promise<void> {
  for (const { name } of entries) await sweeping.remove({ shelf: 'ac', name });
  for (const { name } of contents) await sweeping.remove({ shelf: 'cas', name });
}

/** Null: what stands there is no result of this version, which names nothing that this version could take. */
async function resultAt(remote: Remote, key: Key): Promise<SharedResult | null> {
  const text = await textAt(remote, { shelf: 'ac', name: key }, entryLimitBytes);
  try {
    return text === null ? null : decodeEntry(text, key);
  } catch (error) {
    if (error instanceof BadEntry) return null;
    throw error;
  }
}

async function contentsOf(remote: Remote, { outs }: SharedResult): Promise<readonly Sha256[]> {
  const named: Sha256[] = [];
  for (const out of Object.values(outs)) {
    named.push(out.object);
    if (out.type === 'file') continue;
    const text = await textAt(remote, { shelf: 'cas', name: out.object }, listingLimitBytes);
    try {
      for (const entry of text === null ? [] : decodeListing(text))
        if (entry.type === 'file') named.push(entry.sha256);
    } catch (error) {
      if (!(error instanceof ListingError)) throw error;
    }
  }
  return named;
}

async function textAt(remote: Remote, item: RemoteItem, limit: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  const answer = await remote.get(item, {
    from: 0,
    signal: new AbortController().signal,
    begin: () => {},
    take: (chunk) => {
      size += chunk.length;
      if (size > limit) throw new RemoteFault(`${item.shelf}/${item.name} is too large to be read`);
      chunks.push(chunk);
      return undefined;
    },
  });
  return answer === 'missing' ? null : Buffer.concat(chunks).toString('utf8');
}

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
