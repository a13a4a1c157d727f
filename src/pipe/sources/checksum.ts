/** Checks what a path of a source holds against every digest that the pipeline file gives for it. */
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { SourceCandidate, SourceDoc } from '../config/document.ts';
import type { Digests } from '../digest/digests.ts';

/** `path`: the candidate's, absolute. Only what has another stat than last time is read. @throws UserError */
export async function checkCandidate(
  source: SourceDoc,
  candidate: SourceCandidate,
  path: string,
  digests: Digests,
): Promise<void> {
  const compare = async (file: string, shown: string, expected: string, hint: string) => {
    const look = await digests.lookAgain(file, 'anywhere');
    const have = look?.content ?? null;
    if (have === expected.toLowerCase()) return;
    const { file: pipeline, line, column } = candidate.at;
    throw new UserError(
      `${pipeline}:${line}:${column}: source ${source.name}: ${shown} ${have === null ? 'is missing' : `has sha256 ${have}`}, the pipeline file says ${expected}`,
      { hint: have === null ? 'the folder is not complete: copy it again' : hint },
    );
  };
  const { sha256 } = candidate;
  const replace = 'the file is damaged or another version: replace it, or correct `sha256`';
  if (typeof sha256 === 'string') await compare(path, candidate.path, sha256, replace);
  else if (sha256 !== null) {
    const isFolder = statSync(path).isDirectory();
    for (const [name, expected] of Object.entries(sha256)) {
      if (isAbsolute(name) || name.split('/').includes('..'))
        throw new UserError(`source ${source.name}: ${name} leaves its folder`);
      await compare(isFolder ? join(path, name) : path, `${candidate.path}/${name}`, expected, replace);
    }
  } else if (source.sha256 !== null && source.unpack === 'none') {
    // The path stands for the very file that the url serves. (What an archive holds has another digest than the archive.)
    const hint = `${replace}; data that is another on purpose has its own digest: \`{ path: ${candidate.path}, sha256: … }\``;
    await compare(path, candidate.path, source.sha256, hint);
  }
  digests.save();
}
