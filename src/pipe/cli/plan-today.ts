/** What the pipeline says today, for runs of versions that did not record their plan. */
import { openPlan } from '../project/open-plan.ts';
import { planRecord, type RecordedPlan } from '../run/recorded-plan.ts';
import type { Invocation } from './command.ts';

/** Null: the pipeline file cannot be planned, which is no obstacle to looking at what ran before. */
export async function planToday({ project }: Pick<Invocation, 'project'>): Promise<RecordedPlan | null> {
  try {
    const { graph, params } = await openPlan(project, { checkFiles: false });
    return planRecord(graph, params);
  } catch {
    return null;
  }
}
