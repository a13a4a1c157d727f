/**
 * Views: an object or a folder of objects under the name that its stage gave it. A running cell reads its upstream here:
 * nobody writes in a view, and every run that needs the same content shares it, whatever its params.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { moveNew } from '../../lib/move-new.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import { sha256Of } from '../../lib/sha256.ts';
import type { Digests } from '../digest/digests.ts';
import { PathError } from '../digest/look.ts';
import { checkOut } from './checkout.ts';
import type { Layout } from './layout.ts';
import { isIntact } from './object-writer.ts';
import { BadObject, objectsOf, quarantineObject } from './objects.ts';
import type { OutRecord } from './out-record.ts';
import { asidePath } from './quarantine.ts';

export interface View {
  readonly path: string;
  readonly out: OutRecord;
  /** Of every file and folder in it all that a write changes; a new link to the same object changes none of it. */
  readonly marks: string;
}

export class Views {
  readonly #layout: Layout;
  readonly #digests: Digests;

  constructor(layout: Layout, digests: Digests) {
    this.#layout = layout;
    this.#digests = digests;
  }

  /** Where the view of an out is, whether or not it was made. */
  pathOf(out: OutRecord): string {
    const kind = out.executable ? 'executable' : out.type;
    return join(this.#layout.views, out.object, kind, basename(out.path));
  }

  /** The view, made if it is not there or not what it was. @throws BadObject when the store does not have it. */
  async open(out: OutRecord): Promise<View> {
    const path = this.pathOf(out);
    for (;;) {
      const before = identityOf(path);
      if (await this.#isRight(out, path)) break;
      // Another cell made it while this one looked: that one reads it by now.
      if (identityOf(path) !== before) continue;
      if (before !== null) this.#setAside(path);
      await this.#make(out, path);
      break;
    }
    return { path, out, marks: marksOf(path) };
  }

  /** The view as it is now, for whoever cannot compare its marks with those of another machine. */
  asIs(view: View): View {
    return { ...view, marks: marksOf(view.path) };
  }

  /**
   * After an attempt that could read it: null when nobody wrote in it. Otherwise what was done about it, in a sentence;
   * objects that are not what their names say are in quarantine then.
   */
  async damageOf({ path, out, marks }: View): Promise<string | null> {
    if (marksOf(path) === marks && (await this.#isRight(out, path))) return null;
    if (lstatSync(path, { throwIfNoEntry: false })) this.#setAside(path);
    const bad: string[] = [];
    try {
      for (const { sha256 } of objectsOf(this.#layout, out))
        if (!(await isIntact(this.#layout, this.#digests, sha256)) && quarantineObject(this.#layout, sha256))
          bad.push(sha256.slice(0, 12));
    } catch (error) {
      if (!(error instanceof BadObject)) throw error;
      quarantineObject(this.#layout, error.object);
      bad.push(error.object.slice(0, 12));
    }
    return bad.length === 0
      ? 'it is made again from the cache'
      : `object ${bad.join(', ')} of the cache was written through it and is in quarantine now: what made it runs again`;
  }

  async #isRight(out: OutRecord, path: string): Promise<boolean> {
    try {
      return (await this.#digests.lookAgain(path, 'self'))?.sha256 === out.sha256;
    } catch (error) {
      if (error instanceof PathError) return false;
      throw error;
    }
  }

  async #make(out: OutRecord, path: string): Promise<void> {
    const aside = join(this.#layout.views, `.new-${randomBytes(6).toString('hex')}`);
    mkdirSync(aside, { recursive: true });
    try {
      const fresh = join(aside, basename(path));
      await checkOut({ layout: this.#layout, digests: this.#digests, mode: 'view' }, out, fresh);
      if (!(await this.#isRight(out, fresh)))
        throw new BadObject(out.object, `object ${out.object} is not what its manifest says`);
      mkdirSync(dirname(path), { recursive: true });
      try {
        moveNew(fresh, path);
      } catch (error) {
        // Another run made it meanwhile.
        if (!hasCode(error, 'ENOTEMPTY', 'EEXIST') || !(await this.#isRight(out, path))) throw error;
      }
      // Not before: a folder that cannot be written cannot be moved either.
      if (out.type === 'folder') chmodSync(path, 0o555);
      else this.#digests.stamped(path, out.object);
    } finally {
      removeTree(aside);
    }
  }

  #setAside(path: string): void {
    const stat = lstatSync(path);
    if (stat.isDirectory()) chmodSync(path, 0o755);
    const aside = asidePath(this.#layout, `view-${basename(path)}`);
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(path, aside);
  }
}

function identityOf(path: string): string | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}.${stat.ino}` : null;
}

function marksOf(path: string): string {
  const marks: string[] = [];
  const walk = (one: string) => {
    const stat = lstatSync(one, { bigint: true, throwIfNoEntry: false });
    if (!stat) return;
    marks.push(`${one}\0${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}`);
    if (stat.isDirectory()) for (const name of readdirSync(one).sort()) walk(join(one, name));
  };
  walk(path);
  return sha256Of(marks.join('\n'));
}
