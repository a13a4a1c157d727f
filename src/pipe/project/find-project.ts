/** Where the project of a command lies. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The project: the nearest folder, from `start` upwards, that holds pipeline.yaml; `start` itself when none does. */
export function findProject(start: string): string {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'pipeline.yaml'))) return folder;
    if (dirname(folder) === folder) return resolve(start);
  }
}
