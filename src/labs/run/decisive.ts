import {readLedger} from '../../load/ledger.ts';
import type {LatencySummary, LedgerEntry, Operation} from '../../load/load.ts';
import type {Evidence, LabTask, Settling} from '../lab.ts';
import type {TaskVerdict} from '../verdict.ts';
import type {Attack} from './attack.ts';
import type {Baseline} from './baseline.ts';
import type {RunContext} from './context.ts';
import {wasBusy} from './control.ts';
import {ledgerFile} from './drive.ts';
import {evidenceOf} from './evidence.ts';
import {type Circumstances, judgeTasks} from './judge.ts';
import {watchReads} from './reads.ts';

/** Looks are this far apart, ms: reading the ledger costs little, and a load is not to feel it. */
const LOOK_EVERY_MS = 1_000;

/** Whether a fail of this task with this code is what the run is for. */
export type IsDecisive = (task: string, code: string) => boolean;

/**
 * Looks during an attack for a fail that stands whatever comes after it, as its task declares with `settled`. What has been seen so far is
 * judged as if the attack had ended here and the system had recovered.
 */
export interface DecisiveLook {
  /** Looks, once a second at most, and never twice at a time; what a judge cannot make of so little is no answer. */
  look(attack: AttackSoFar): void;
  /** What was found so far. */
  readonly found: readonly TaskVerdict[];
  readonly evidence: Evidence<unknown, unknown> | undefined;
  /** Settles when no look is under way. */
  idle(): Promise<void>;
}

export interface AttackSoFar {
  /** Unix ms. */
  readonly from: number;
  readonly planned: readonly Operation[];
  /** How busy the machine is. */
  control(): Promise<LatencySummary>;
}

export interface DecisiveOptions {
  readonly tasks: readonly LabTask<unknown, unknown>[];
  readonly setup: unknown;
  readonly baseline: Baseline;
  readonly isDecisive: IsDecisive;
}

export function lookForDecisive(context: RunContext, options: DecisiveOptions): DecisiveLook {
  const tasks = options.tasks.filter(task => hasSettled(task, ['at-once', 'once-lost'], options.isDecisive));
  let found: readonly TaskVerdict[] = [];
  let evidence: Evidence<unknown, unknown> | undefined;
  let under: Promise<void> | undefined;
  let lookedAt = Date.now();
  const lookNow = async (attack: AttackSoFar): Promise<void> => {
    const seen = await soFar(context, options, attack);
    const failed = [
      ...decisiveOf(context, tasks, seen, options.isDecisive, ['at-once']),
      ...decisiveOf(context, tasks, atBest(seen, attack), options.isDecisive, ['once-lost']),
    ];
    if (failed.length === 0) return;
    found = failed;
    evidence = seen;
  };
  return {
    look: attack => {
      if (tasks.length === 0 || under !== undefined || found.length > 0) return;
      if (Date.now() - lookedAt < LOOK_EVERY_MS) return;
      lookedAt = Date.now();
      // A judge, or a read, that cannot do with half a run says nothing about the whole one.
      under = lookNow(attack)
        .catch(() => undefined)
        .finally(() => {
          under = undefined;
        });
    },
    get found() {
      return found;
    },
    get evidence() {
      return evidence;
    },
    idle: async () => under,
  };
}

/** The fails of these tasks that count, and that are settled in one of these ways. */
function decisiveOf(
  {lab}: RunContext,
  tasks: readonly LabTask<unknown, unknown>[],
  evidence: Evidence<unknown, unknown>,
  isDecisive: IsDecisive,
  settlings: readonly Settling[],
): readonly TaskVerdict[] {
  const settled = tasks.filter(task => hasSettled(task, settlings, isDecisive));
  return judgeTasks(lab, settled, evidence, circumstances(evidence)).filter(({id, verdict, code}) => {
    if (verdict !== 'fail' || code === null || !isDecisive(id, code)) return false;
    const settling = settled.find(task => task.id === id)?.settled?.[code];
    return settling !== undefined && settlings.includes(settling);
  });
}

function hasSettled(
  {id, settled = {}}: LabTask<unknown, unknown>,
  settlings: readonly Settling[],
  isDecisive: IsDecisive,
): boolean {
  return Object.entries(settled).some(([code, settling]) => settlings.includes(settling) && isDecisive(id, code));
}

/** The same, with every operation that is still to come answered as well as can be. */
function atBest(evidence: Evidence<unknown, unknown>, {from, planned}: AttackSoFar): Evidence<unknown, unknown> {
  const done = new Set(evidence.attack.map(({id}) => id));
  const toCome = planned.filter(({id}) => !done.has(id)).map(operation => answeredWell(operation, from));
  return {...evidence, attack: [...evidence.attack, ...toCome]};
}

function answeredWell({id, name, atMs, request, patienceMs, facts}: Operation, from: number): LedgerEntry {
  const at = from + atMs;
  return {
    id,
    name,
    phase: 'attack',
    intendedAt: at,
    outcome: 'ok',
    status: 200,
    latencyMs: 1,
    uncorrectedMs: 1,
    sends: [{at, durationMs: 1, to: '', status: 200}],
    operation: {request, patienceMs, ...(facts === undefined ? {} : {facts})},
  };
}

/**
 * Judges what is settled once the attack has ended, with reads taken after its faults (the lab's `glance`, where it has one: its final reads may
 * change something, and the run may go on); undefined when that decides nothing.
 */
export async function afterAttack(
  context: RunContext,
  {tasks, attack, isDecisive, ...options}: DecisiveOptions & {readonly attack: Attack},
): Promise<{readonly failed: readonly TaskVerdict[]; readonly evidence: Evidence<unknown, unknown>} | undefined> {
  const already = fixedWithAttack(context, tasks, await asIfRecovered(context, options, attack, undefined), isDecisive);
  if (already !== undefined) return already;
  if (!tasks.some(task => hasSettled(task, SETTLINGS, isDecisive))) return undefined;
  const {lab, system} = context;
  await context.settled(system.clearAll());
  const read =
    lab.glance === undefined
      ? lab.final(context.tools('final'), options.setup)
      : lab.glance(context.tools('glance'), options.setup);
  const final = await context.settled(read).catch(error => {
    if (context.signal.aborted) throw error;
    return undefined;
  });
  const evidence = await asIfRecovered(context, options, attack, final);
  try {
    const failed = decisiveOf(context, tasks, evidence, isDecisive, SETTLINGS);
    return failed.length === 0 ? undefined : {failed, evidence};
  } catch {
    return undefined;
  }
}

/** A fail that rests on nothing that still changes needs no declaration: the same judge would say the same of it in the end. */
function fixedWithAttack(
  {lab}: RunContext,
  tasks: readonly LabTask<unknown, unknown>[],
  evidence: Evidence<unknown, unknown>,
  isDecisive: IsDecisive,
): {readonly failed: readonly TaskVerdict[]; readonly evidence: Evidence<unknown, unknown>} | undefined {
  const failed = tasks.flatMap(task => {
    const watched = watchReads(evidence);
    try {
      const [verdict] = judgeTasks(lab, [task], watched.evidence, circumstances(evidence));
      const counts = verdict?.verdict === 'fail' && verdict.code !== null && isDecisive(task.id, verdict.code);
      return counts && watched.isFixed() ? [verdict] : [];
    } catch {
      return [];
    }
  });
  return failed.length === 0 ? undefined : {failed, evidence};
}

/** As if all else had gone as it should: only what the judges see counts. */
function circumstances({control: {busy}}: Evidence<unknown, unknown>): Circumstances {
  return {
    tooLittle: undefined,
    faultProblems: [],
    bypasses: [],
    busy,
    busyBecause: 'so far',
    recovered: true,
    quick: false,
  };
}

async function soFar(
  context: RunContext,
  options: DecisiveOptions,
  {from, control}: AttackSoFar,
): Promise<Evidence<unknown, unknown>> {
  const [entries, calm] = await Promise.all([readLedger(ledgerFile(context, 'attack')), control()]);
  // Read after the ledger: what was acknowledged by then has to be there.
  const final = await context.lab.glance?.(context.tools('glance'), options.setup);
  return asIfRecovered(context, options, {from, to: Date.now(), entries, control: calm}, final);
}

/** Evidence as if everything had recovered just now, so that nothing fails for want of what was not waited for. */
async function asIfRecovered(
  context: RunContext,
  {setup, baseline}: Pick<DecisiveOptions, 'setup' | 'baseline'>,
  attack: Pick<Attack, 'from' | 'to' | 'entries' | 'control'>,
  final: unknown,
): Promise<Evidence<unknown, unknown>> {
  const now = Date.now();
  const busy = wasBusy(baseline.control, [attack.control]);
  return evidenceOf(context, {setup, baseline, attack, healed: {healedAt: now, recoveredAt: now}, busy, final});
}

const SETTLINGS: readonly Settling[] = ['at-once', 'once-lost', 'after-attack'];
