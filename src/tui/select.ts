import type {FaultRecord} from '../faults/fault.ts';
import type {CheckResult, TaskVerdict} from '../labs/verdict.ts';
import type {Action} from './action.ts';
import {READY_FAULTS, targetsOf} from './ready-faults.ts';
import type {PathLab} from './session.ts';
import type {ScreenState} from './state.ts';

/** Labs of the path in its order, or those that match what is looked for. */
export function visibleLabs({path, find}: Pick<ScreenState, 'path' | 'find'>): readonly PathLab[] {
  const wanted = (find ?? '').trim().toLowerCase().split(/\s+/);
  const labs = path?.blocks.flatMap(block => block.labs) ?? [];
  return labs.filter(lab => wanted.every(word => `${lab.id} ${lab.title} ${lab.status}`.toLowerCase().includes(word)));
}

export function isRunning({run}: Pick<ScreenState, 'run'>): boolean {
  return run?.state === 'running' || run?.state === 'stopping';
}

export function isUp({system}: Pick<ScreenState, 'system'>): boolean {
  return system.state === 'up';
}

export function resultOf({results, lab}: Pick<ScreenState, 'results' | 'lab'>): CheckResult | null {
  return lab === null ? null : (results[lab] ?? null);
}

/** Whether the open lab was ever passed, which opens its reference and debrief. */
export function isPassed(state: ScreenState): boolean {
  return resultOf(state)?.verdict === 'pass' || labStatus(state, state.lab) === 'passed';
}

export function labStatus({path}: Pick<ScreenState, 'path'>, id: string | null): PathLab['status'] | undefined {
  return path?.blocks.flatMap(block => block.labs).find(lab => lab.id === id)?.status;
}

/** Faults that disturb something now. */
export function faultsInForce({system}: Pick<ScreenState, 'system'>): readonly FaultRecord[] {
  return (system.status?.faults ?? []).filter(({state}) => state === 'active' || state === 'planned');
}

/** The checklist: every task of the open lab with its verdict, or without one while none is there. */
export interface ChecklistItem {
  readonly id: string;
  readonly title: string;
  readonly verdict: TaskVerdict | null;
  readonly waiting: boolean;
}

export function checklist(state: ScreenState): readonly ChecklistItem[] {
  const judging = state.run?.kind === 'check' && state.run.lab === state.lab && isRunning(state);
  const verdicts = judging ? (state.run?.tasks ?? []) : (resultOf(state)?.tasks ?? []);
  const known = state.text?.id === state.lab ? (state.text?.tasks ?? []) : [];
  const extra = verdicts.filter(({id}) => known.every(task => task.id !== id));
  return [...known, ...extra].map(({id, title}) => {
    const verdict = verdicts.find(task => task.id === id) ?? null;
    return {id, title, verdict, waiting: judging && verdict === null};
  });
}

/** The item whose figures are shown: the chosen one, or the first that did not pass. */
export function shownItem(state: ScreenState): number {
  const items = checklist(state);
  if (state.task >= 0 && state.task < items.length) return state.task;
  const failed = items.findIndex(({verdict}) => verdict?.verdict === 'fail');
  return failed >= 0 ? failed : items.findIndex(({verdict}) => verdict?.verdict === 'inconclusive');
}

export interface MenuItem {
  readonly label: string;
  readonly action: Action;
  /** A fault in force, which can be cleared. */
  readonly fault?: FaultRecord;
}

/** What can be chosen in the middle: empty where it holds a text. */
export function menu(state: ScreenState): readonly MenuItem[] {
  const {page, system} = state;
  if (page.kind === 'faults') {
    const inForce = faultsInForce(state).map(fault => ({
      label: fault.id,
      fault,
      action: {do: 'clear', id: fault.id} as const,
    }));
    return [
      ...inForce,
      ...READY_FAULTS.map(({label}, fault) => ({label, action: {do: 'choose-target', fault} as const})),
    ];
  }
  if (page.kind === 'targets') {
    const fault = READY_FAULTS[page.fault];
    if (fault === undefined || system.status === null) return [];
    const {kind, attributes, forMs} = fault;
    return targetsOf(fault, system.status).map(target => ({
      label: target,
      action: {do: 'inject', request: {kind, target, attributes, forMs, reason: 'chaos'}},
    }));
  }
  if (page.kind === 'nodes')
    return (system.status?.nodes ?? []).map(({name}) => ({label: name, action: {do: 'tail', node: name}}));
  return [];
}

/** What Enter means here, or null. */
export function enterAction(state: ScreenState): Action | null {
  if (state.focus === 'path') {
    const lab = visibleLabs(state)[state.pathCursor];
    return lab === undefined ? null : {do: 'open-lab', lab: lab.id};
  }
  if (state.focus === 'checklist') return taskAction(state, Math.max(0, shownItem(state)));
  if (state.focus === 'system') return isUp(state) ? {do: 'show', page: 'faults'} : null;
  if ('cursor' in state.page) return menu(state)[state.page.cursor]?.action ?? null;
  return state.page.kind === 'result' && shownItem(state) >= 0 ? taskAction(state, shownItem(state)) : null;
}

function taskAction(state: ScreenState, index: number): Action | null {
  return checklist(state)[index] === undefined ? null : {do: 'show-task', index};
}
