import type {LedgerEntry, Operation, Send} from './load.ts';
import type {Pauses} from './pauses.ts';
import type {Sender} from './sender.ts';
import type {WallClock} from './wall-clock.ts';

export interface OperationContext {
  readonly phase: string;
  /** Unix ms. */
  readonly intendedAt: number;
  readonly targets: readonly string[];
  /** Index of the target of the first send; each further send goes to the next one. */
  readonly firstTarget: number;
  readonly sender: Sender;
  /** Cut short when the load is stopped: nothing further is sent then. */
  readonly pauses: Pauses;
  readonly now: WallClock;
}

/**
 * Does one operation as its client would, and says what became of it. Copies are clients of their own that do the same thing
 * at the same instant: each retries by itself. Takes no longer than the patience (and that of a repetition).
 */
export async function perform(operation: Operation, context: OperationContext): Promise<LedgerEntry> {
  const {now, intendedAt} = context;
  const patienceEnd = intendedAt + operation.patienceMs;
  if (now() >= patienceEnd) return droppedEntry(operation, context);
  const sends: Send[] = [];
  const repeated: Send[] = [];
  let sent = 0;
  let repetition: Promise<void> | undefined;

  const sendOnce = async (timeoutMs: number): Promise<Send> => {
    const target = context.targets[(context.firstTarget + sent++) % context.targets.length] ?? '';
    return context.sender.send(target, operation.request, timeoutMs, operation.next?.carry);
  };

  const repeat = async (afterMs: number): Promise<void> => {
    if (!(await context.pauses.sleep(afterMs))) return;
    repeated.push(
      await sendOnce(Math.min(operation.retry?.timeoutMs ?? Number.POSITIVE_INFINITY, operation.patienceMs)),
    );
  };

  const client = async (): Promise<void> => {
    const {sendsMax, backoffMs, timeoutMs} = operation.retry ?? {
      sendsMax: 1,
      backoffMs: 0,
      timeoutMs: Number.POSITIVE_INFINITY,
    };
    for (let attempt = 1; ; attempt++) {
      const send = await sendOnce(Math.min(timeoutMs, patienceEnd - now()));
      sends.push(send);
      if (send.status !== null && operation.repeatAfterMs !== undefined) repetition ??= repeat(operation.repeatAfterMs);
      const worthAnother = send.status === null || send.status >= 500;
      if (!worthAnother || attempt >= sendsMax || now() + backoffMs >= patienceEnd) return;
      if (!(await context.pauses.sleep(backoffMs))) return;
    }
  };

  await Promise.all(Array.from({length: operation.copies ?? 1}, client));
  await repetition;
  return entry(operation, context, sends, repeated);
}

/** The record of an operation that could not be sent at all. */
export function droppedEntry(
  operation: Operation,
  context: Pick<OperationContext, 'phase' | 'intendedAt'>,
): LedgerEntry {
  return {
    ...identify(operation, context),
    outcome: 'dropped',
    status: null,
    latencyMs: 0,
    uncorrectedMs: 0,
    sends: [],
    operation: facts(operation),
  };
}

/** `sends` come in the order in which they were decided. */
function entry(
  operation: Operation,
  context: OperationContext,
  sends: readonly Send[],
  repeated: readonly Send[],
): LedgerEntry {
  const success = sends.find(send => send.status !== null && send.status >= 200 && send.status < 300);
  const answered = sends.filter(send => send.status !== null);
  const deciding = success ?? sends.at(-1);
  const decidedAt = deciding === undefined ? context.intendedAt : deciding.at + deciding.durationMs;
  const firstAt = Math.min(...sends.map(send => send.at));
  return {
    ...identify(operation, context),
    outcome: success ? 'ok' : sends.every(isDefinite) ? 'fail' : 'info',
    status: (success ?? answered.at(-1))?.status ?? null,
    latencyMs: round(decidedAt - context.intendedAt),
    uncorrectedMs: round(decidedAt - firstAt),
    sends: [...sends, ...repeated].sort((a, b) => a.at - b.at),
    operation: facts(operation),
  };
}

/** Whether a send surely had no effect: an answer that is no success and no server error, or nobody there to take it. */
function isDefinite(send: Send): boolean {
  return send.status === null ? send.error === 'ECONNREFUSED' : send.status < 500;
}

function identify(operation: Operation, context: Pick<OperationContext, 'phase' | 'intendedAt'>) {
  return {id: operation.id, name: operation.name, phase: context.phase, intendedAt: round(context.intendedAt)};
}

function facts(operation: Operation): LedgerEntry['operation'] {
  const {request, patienceMs, facts: given} = operation;
  return {request, patienceMs, ...(given === undefined ? {} : {facts: given})};
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
