/** The end of a test run: what was skipped, with its reason, and which files belong to the other project. */
import type { Reporter, TestModule } from 'vitest/node';

/** Above this a file belongs to the `slow` project of vitest.config.ts. */
const slowAfterMs = 5000;

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = new Map<string, number>();
    for (const module of modules)
      for (const test of module.children.allTests('skipped')) {
        const group = test.fullName.split(' > ')[0] ?? test.name;
        const line = `${module.relativeModuleId} > ${group}${reason(test.result())}`;
        skipped.set(line, (skipped.get(line) ?? 0) + 1);
      }
    // With -t most tests are left out on purpose.
    const filtered = process.argv.some((word) => /^(-t|--testNamePattern)/.test(word));
    if (skipped.size > 0 && !filtered)
      console.log(`\nskipped:\n${[...skipped].map(([line, count]) => `  ${count} × ${line}`).join('\n')}`);
    const slow = modules.filter(
      (module) => module.project.name === 'quick' && module.diagnostic().duration > slowAfterMs,
    );
    if (slow.length > 0)
      console.log(
        `\nover ${slowAfterMs / 1000} s in the quick project (vitest.config.ts lists the slow ones; a busy machine does this too):\n${slow
          .map(
            (module) => `  ${module.relativeModuleId} ${(module.diagnostic().duration / 1000).toFixed(1)} s`,
          )
          .join('\n')}`,
      );
  }
}

/** What `context.skip(…)` said; the names of the others say it themselves. */
function reason(result: { readonly state: string; readonly note?: string | undefined }): string {
  return result.note === undefined ? '' : `: ${result.note}`;
}
