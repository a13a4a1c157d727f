/** What a guard knows of a cell's inputs, as JSON and back: the driver that publishes need not be the one that started. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Json } from '../../lib/json.ts';
import type { Way } from '../digest/way.ts';
import type { View } from '../store/view.ts';
import type { InputPath, UpstreamOut } from './inputs.ts';

export interface GuardedPath extends InputPath {
  readonly ways: readonly Way[];
}

export interface GuardedView {
  readonly upstream: UpstreamOut;
  readonly view: View;
}

export interface Guarding {
  readonly paths: readonly GuardedPath[];
  readonly views: readonly GuardedView[];
}

export interface RevivedGuarding extends Guarding {
  /** Recorded since this machine booted, here: numbers of devices and inodes are the same. */
  readonly here: boolean;
}

interface GuardRecord extends Guarding {
  readonly version: 1;
  readonly machine: string;
}

const bigPattern = /^(\d+)n$/;
/** The only key of what stands for a map. */
const mapMark = '~map';
const bigFields = new Set(['mtimeNs', 'ctimeNs']);

export function guardingToJson(guarding: Guarding): Json {
  const record: GuardRecord = { version: 1, machine: machine(), ...guarding };
  return JSON.parse(
    JSON.stringify(record, (_, value: unknown) => {
      if (value instanceof Map) return { [mapMark]: [...value] };
      return typeof value === 'bigint' ? `${value}n` : value;
    }),
  );
}

/** null: it is of another version, or damaged. */
export function guardingFromJson(json: Json): RevivedGuarding | null {
  const value: unknown = JSON.parse(JSON.stringify(json), (key, field: unknown) => {
    const digits = typeof field === 'string' && bigFields.has(key) ? bigPattern.exec(field)?.[1] : undefined;
    if (digits !== undefined) return BigInt(digits);
    return isMap(field) ? new Map(field[mapMark]) : field;
  });
  if (!isRecord(value)) return null;
  return { paths: value.paths, views: value.views, here: value.machine === machine() };
}

function isMap(value: unknown): value is { readonly [mapMark]: readonly (readonly [unknown, unknown])[] } {
  return typeof value === 'object' && value !== null && mapMark in value && Array.isArray(value[mapMark]);
}

function isRecord(value: unknown): value is GuardRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, machine: where, paths, views } = value as Partial<Record<keyof GuardRecord, unknown>>;
  return version === 1 && typeof where === 'string' && Array.isArray(paths) && Array.isArray(views);
}

/** This boot of this machine. */
function machine(): string {
  try {
    return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return hostname();
  }
}
