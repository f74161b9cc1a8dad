import type {AnyLab, LabTask} from '../lab.ts';

/** The item of a checklist that the learner's own tests are; no task of a lab may have this id. */
export const YOUR_TESTS_ID = 'your-tests';

/** As a task of the lab's: what is shown of it, and every code that it can fail with. */
export const YOUR_TESTS_TASK = {
  id: YOUR_TESTS_ID,
  title: 'Your own tests tell what is right from what is wrong',
  codes: ['TEST_FAILS_ON_REFERENCE', 'TEST_MISSES', 'TESTS_WAVER', 'TESTS_BREAK_OFF'],
} as const satisfies Pick<LabTask<unknown, unknown>, 'id' | 'title' | 'codes'>;

/** An item of a lab's checklist, before anything was judged. */
export interface ChecklistItem {
  readonly id: string;
  readonly title: string;
  readonly extra?: true;
}

/** The checklist of a lab: its tasks, and then the extra one where the lab asks for tests. */
export function checklistOf({tasks, yourTests}: Pick<AnyLab, 'tasks' | 'yourTests'>): readonly ChecklistItem[] {
  const {id, title} = YOUR_TESTS_TASK;
  const own = tasks.map(task => ({id: task.id, title: task.title}));
  return yourTests === undefined ? own : [...own, {id, title, extra: true}];
}
