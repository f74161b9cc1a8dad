import type {TimedFault} from '../../src/labs/lab.ts';
import {killsOf, type Process, processWith} from './split.ts';

/** Crashes: a process is down for a part of the time to the next one, and in the rest it comes back and callers find it again. Of alerts there are none. */
const KILLS_AT_MS = [2_000, 6_000, 13_500, 20_500];
export const LAST_FOR_MS = 5_500;
const LEAK_FOR_MS = 1_000;
/** Until callers see that it is gone, and when they find it again. */
export const EDGE_MS = 100;
export const SLOW_FOR_MS = 2_500;
export const SLOW_BY_MS = 120;

/** Each process crashes once for the module that is to blame, down for `downMs`; then every database is slower for a while. */
export function faultsOn(processes: readonly Process[], downMs: number): readonly TimedFault[] {
  return [
    // The leak is what brings down the process that has the alerts.
    leak(processWith(processes, 'alerts').name),
    ...killsOf(processes).map(
      ({process}, index): TimedFault => ({kind: 'crash', target: process, atMs: killAtMs(index), forMs: downMs}),
    ),
    ...[...new Set(processes.map(({database}) => database))].map(
      (database): TimedFault => ({
        kind: 'latency',
        target: database,
        attributes: {latency: SLOW_BY_MS},
        atMs: slowAtMs(processes),
        forMs: SLOW_FOR_MS,
      }),
    ),
  ];
}

/** How long the attack goes on, ms. */
export function attackMs(processes: readonly Process[]): number {
  return slowAtMs(processes) + SLOW_FOR_MS + 1_000;
}

function leak(process: string): TimedFault {
  return {
    kind: 'leak',
    target: `${process}-1`,
    attributes: {rate: 40_000_000, limit: 40_000_000},
    atMs: killAtMs(0) - LEAK_FOR_MS,
    forMs: LEAK_FOR_MS - EDGE_MS,
  };
}

function killAtMs(index: number): number {
  return KILLS_AT_MS[index] ?? 0;
}

function slowAtMs(processes: readonly Process[]): number {
  return killAtMs(killsOf(processes).length - 1) + LAST_FOR_MS;
}
