import {join} from 'node:path';
import {readLedger} from '../../load/ledger.ts';
import type {LedgerEntry, LoadRun} from '../../load/load.ts';
import type {Phase} from '../check-event.ts';
import type {LoadSpec} from '../lab.ts';
import type {RunContext} from './context.ts';

const LIVE_EVERY_MS = 500;
const LOOK_EVERY_MS = 100;

export interface Driven {
  readonly entries: readonly LedgerEntry[];
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
}

export interface DriveOptions {
  readonly phase: Phase;
  readonly spec: LoadSpec;
  /** Asked ten times a second with the load so far: ends the load when it returns true. */
  readonly enough?: (ok: number) => boolean;
  /** Called every half second. */
  readonly onLook?: () => Promise<void>;
  /** Called once the load has begun. */
  readonly onStart?: (from: number) => void;
}

/** Drives one load to its end and returns the ledger of it. Figures go out twice a second. */
export async function drive(
  context: RunContext,
  {phase, spec, enough, onLook, onStart}: DriveOptions,
): Promise<Driven> {
  const file = ledgerFile(context, phase);
  const from = Date.now();
  const run = await context.settled(
    context.system.load.start(
      {
        name: `${context.lab.id} ${phase}`,
        operations: spec.operations,
        targets: context.system.gatewayUrls(),
        ...(spec.stopAfterOk === undefined || enough !== undefined ? {} : {stopAfterOk: spec.stopAfterOk}),
      },
      {ledgerFile: file, phase},
    ),
  );
  onStart?.(from);
  let over = false;
  const done = run.done.finally(() => {
    over = true;
  });
  done.catch(() => {});
  const watching = watch(context, {phase, from, run, isOver: () => over, enough, onLook});
  watching.catch(() => {});
  await context.settled(Promise.all([done, watching]));
  const to = Date.now();
  return {entries: await readLedger(file), from, to};
}

/** Where the ledger of a phase is. */
export function ledgerFile({folder}: RunContext, phase: Phase): string {
  return join(folder, `ledger-${phase}.jsonl`);
}

interface Watched {
  readonly phase: Phase;
  readonly from: number;
  readonly run: LoadRun;
  readonly isOver: () => boolean;
  readonly enough: ((ok: number) => boolean) | undefined;
  readonly onLook: (() => Promise<void>) | undefined;
}

async function watch(context: RunContext, {phase, from, run, isOver, enough, onLook}: Watched): Promise<void> {
  let stopping = false;
  for (let look = 1; !isOver(); look++) {
    await Promise.race([context.sleep(LOOK_EVERY_MS), run.done.catch(() => {})]);
    if (isOver()) return;
    const live = look % (LIVE_EVERY_MS / LOOK_EVERY_MS) === 0;
    if (!live && (enough === undefined || stopping)) continue;
    const {sent, ok, failed, latencyMs} = await run.summary();
    if (live) {
      context.emit({
        type: 'live',
        phase,
        sent,
        ok,
        failed,
        p50: latencyMs.p50,
        p99: latencyMs.p99,
        elapsedMs: Date.now() - from,
      });
      await onLook?.();
    }
    if (!stopping && enough?.(ok)) {
      stopping = true;
      await run.stop();
    }
  }
}

/** The operations of a load, later by the run's slowdown. */
export function slowed(spec: LoadSpec, slowdown: number): LoadSpec {
  if (slowdown === 1) return spec;
  return {...spec, operations: spec.operations.map(operation => ({...operation, atMs: operation.atMs * slowdown}))};
}

/** The operations of a load that begin before `untilMs`. */
export function shortened(spec: LoadSpec, untilMs: number): LoadSpec {
  return {...spec, operations: spec.operations.filter(operation => operation.atMs < untilMs)};
}

/** When the last operation begins, ms after the load began. */
export function lengthMs(spec: LoadSpec): number {
  return spec.operations.reduce((latest, operation) => Math.max(latest, operation.atMs), 0);
}
