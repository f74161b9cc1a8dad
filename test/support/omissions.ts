import type {Reporter, TestModule} from 'vitest/node';

/** Names, after all tests, what was left out and why: a run that passes without Docker or tmux must not look like one that had them. */
export class NameOmissions implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason =
          (result.state === 'skipped' ? result.note : undefined) ?? `skipped in ${module.relativeModuleId}`;
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, count] of counts) {
      process.stderr.write(`Left out: ${count} ${count === 1 ? 'test' : 'tests'}, ${reason}\n`);
    }
  }
}
