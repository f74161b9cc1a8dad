import type {LabTools, TimedAct} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import type {Operation} from '../../src/load/load.ts';
import {type Accounts, quotaTraffic} from './traffic.ts';
import {observe, runReport, type Watch} from './watch.ts';

export const REPORT = {atMs: 300, forMs: 6_000};
const UP_AT_MS = 1_000;
export const DOWN_AT_MS = 11_000;
const SECOND_REPORT = {atMs: DOWN_AT_MS - 500, forMs: 2_500};
const LOAD_MS = 16_000;

/** Traffic at the table, and in its midst an operator who asks for the change and, later, for it to be taken back. */
export function attack(tools: LabTools, accounts: Accounts): readonly Operation[] {
  return together(
    quotaTraffic(tools.random, accounts, LOAD_MS),
    operator('up', UP_AT_MS, 'after'),
    operator('down', DOWN_AT_MS, 'before'),
  );
}

/** What others do at the table, past the services. */
export function timetable(tools: LabTools, watch: Watch): readonly TimedAct[] {
  return [
    act('the lab looks at the table', 0, cut => observe(tools, watch, LOAD_MS, cut)),
    act("somebody's SELECT begins", REPORT.atMs, () => runReport(tools, watch, REPORT.forMs)),
    act('another SELECT begins', SECOND_REPORT.atMs, () => runReport(tools, watch, SECOND_REPORT.forMs)),
  ];
}

function operator(name: string, atMs: number, to: 'after' | 'before'): readonly Operation[] {
  return operationsAt(name, [atMs], () => ({
    request: {
      method: 'PUT',
      path: '/v1/schema-change',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({to}),
    },
    patienceMs: 5_000,
  }));
}

function act(name: string, atMs: number, work: TimedAct['act']): TimedAct {
  return {kind: 'act', name, atMs, act: work};
}
