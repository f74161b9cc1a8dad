import type {Evidence, LabDefinition} from './lab.ts';

/** What evidence fails in a lab, `task/CODE` each, and `task/CODE (open)` for what it leaves open; empty where all tasks pass. */
export function refusals<S, F>(lab: LabDefinition<S, F>, evidence: Evidence<S, F>): readonly string[] {
  return lab.tasks.flatMap(task => {
    const {verdict, code} = task.judge(evidence);
    if (verdict === 'pass') return [];
    return [`${task.id}/${code}${verdict === 'inconclusive' ? ' (open)' : ''}`];
  });
}

/** `task/CODE` for each code that a task of the lab can fail with. */
export function codesOf<S, F>({tasks}: LabDefinition<S, F>): readonly string[] {
  return tasks.flatMap(({id, codes}) => codes.map(code => `${id}/${code}`));
}
