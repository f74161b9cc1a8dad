import {describe, expect, it} from 'vitest';
import type {FaultRecord} from '../faults/fault.ts';
import {nextEnd, overdueFaults, undoSteps} from './overdue.ts';

function fault(id: string, kind: FaultRecord['kind'], change: Partial<FaultRecord> = {}): FaultRecord {
  return {
    id,
    kind,
    target: 'identity-1',
    attributes: {},
    seed: 1,
    reason: 'test',
    proxies: [],
    nodes: ['identity-1'],
    undo: kind === 'pause' ? 'resume' : 'calm',
    state: 'active',
    plannedAt: 0,
    endsAt: 1_000,
    ...change,
  };
}

describe('faults that nobody has ended', () => {
  it('are those of nodes in force past their end, planned ones among them', () => {
    const records = [
      fault('f-due', 'pause'),
      fault('f-planned', 'throttle', {state: 'planned'}),
      fault('f-later', 'pause', {endsAt: 1_001}),
      fault('f-open', 'pause', {endsAt: null}),
      fault('f-over', 'pause', {state: 'ended'}),
      fault('f-link', 'latency', {nodes: [], undo: 'remove-toxic'}),
      // Only the controller knows how to start a node.
      fault('f-down', 'crash', {undo: 'start'}),
    ];
    expect(overdueFaults(records, 1_000, 0).map(({id}) => id)).toEqual(['f-due', 'f-planned']);
    expect(overdueFaults(records, 1_000, 500)).toEqual([]);
    expect(nextEnd(records)).toBe(1_000);
    expect(nextEnd([])).toBe(Number.POSITIVE_INFINITY);
  });

  it('are undone on each of their nodes', () => {
    const due = fault('f-due', 'throttle', {nodes: ['a', 'b'], attributes: {cpu: 0.1}});
    expect(undoSteps(due, [due], 1_000)).toEqual([
      {node: 'a', act: 'calm', kind: 'throttle'},
      {node: 'b', act: 'calm', kind: 'throttle'},
    ]);
  });

  it('leave a node paused that another one still pauses', () => {
    const due = fault('f-due', 'pause');
    const other = fault('f-other', 'pause', {endsAt: 5_000});
    expect(undoSteps(due, [due, other], 1_000)).toEqual([]);
    expect(undoSteps(due, [due, {...other, endsAt: 900}], 1_000)).toEqual([{node: 'identity-1', act: 'resume'}]);
  });

  it('give way to the latest of their kind that is still in force', () => {
    const due = fault('f-due', 'throttle', {attributes: {cpu: 0.1}, plannedAt: 5});
    const early = fault('f-early', 'throttle', {attributes: {cpu: 0.5}, plannedAt: 1, endsAt: null});
    const late = fault('f-late', 'throttle', {attributes: {cpu: 0.3}, plannedAt: 3, endsAt: 9_000});
    expect(undoSteps(due, [due, late, early], 1_000)).toEqual([
      {node: 'identity-1', act: 'disturb', disturbance: {kind: 'throttle', cpu: 0.3}},
    ]);
  });
});
