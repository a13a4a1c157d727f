/** What a project is called on a page that is not its report. */
import { basename } from 'node:path';
import { openPlan } from '../project/open-plan.ts';
import type { Invocation } from './command.ts';

/** The pipeline's title, else the folder's name; a pipeline file with mistakes is no obstacle. */
export async function projectTitle({ project }: Pick<Invocation, 'project'>): Promise<string> {
  try {
    const { title } = await openPlan(project, { checkFiles: false });
    if (title !== null && title !== '') return title;
  } catch {
    // The name of the folder does.
  }
  return basename(project);
}
