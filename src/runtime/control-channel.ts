import {randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';
import {LabError} from '../errors.ts';
import type {KitKind} from './disturbance.ts';
import type {NodeExit, NodeReport} from './runtime.ts';

/** A line that is longer is not the kit's: learners' code runs in the same process and could write here. */
const LINE_LENGTH_MAX = 65_536;
/** A node that is neither paused nor busy answers within a few ms. */
const ANSWER_WITHIN_MS = 5_000;
/** Stands for the answer to `skew`; no crash point has this name. */
const SKEWED = 'skewed';
const DISARMED = 'disarmed';
/** A frozen node will read the order as soon as it goes on. */
const DISARMED_WITHIN_MS = 1_000;

/** What a node says has come of an order. */
export interface OrderState {
  readonly inForce: boolean;
  readonly seen: number;
  readonly affected: number;
  readonly note?: string;
}

export interface ControlChannel {
  /** The node's clock is off by this from now on, and gains `drift` ms with every ms. Never settles when the node does not answer. */
  skew(offsetMs: number, drift: number): Promise<void>;
  /** The node's `armed` for this point. Never settles when the node does not answer. */
  arm(point: string, skip: number): Promise<void>;
  /** Settles when the node can hit no armed point any more; a hit that it was faster with is told before. Never settles when the node does not answer. */
  disarm(): Promise<void>;
  /** Sends a command that concerns this kind of order, and gives how it stands after it. Never settles when the node does not answer. */
  order(kind: KitKind, command: object): Promise<OrderState>;
  /** Reports so far are told at once, so that none is missed between the start of a node and this call. */
  onReport(listener: (report: NodeReport) => void): void;
  /** Settles when the node has closed its side and everything that it said is told. */
  readonly ended: Promise<void>;
  destroy(): void;
}

/** Speaks the control channel over the lab's end of the pipe. */
export function createControlChannel(pipe: Duplex): ControlChannel {
  const reports: NodeReport[] = [];
  const listeners: ((report: NodeReport) => void)[] = [];
  const waiting = new Map<string, ((answer: Said) => void)[]>();
  let partial = '';
  // Told before anything else: a hit without it comes from code that was loaded later.
  const secret = randomBytes(16).toString('hex');

  const hear = (line: string): void => {
    const report = parseReport(line, secret);
    if (report === undefined) return;
    if (isAnswer(report)) {
      waiting.get(questionOf(report))?.shift()?.(report);
      return;
    }
    reports.push(report);
    for (const listener of listeners) listener(report);
  };
  pipe.setEncoding('utf8');
  pipe.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    partial = lines.pop() ?? '';
    if (partial.length > LINE_LENGTH_MAX) partial = '';
    for (const line of lines) hear(line);
  });
  // A node that is killed resets the pipe; its exit tells the story.
  pipe.on('error', () => undefined);
  const ended = new Promise<void>(resolve => {
    pipe.once('end', resolve);
    pipe.once('close', resolve);
  });
  const send = async (command: object): Promise<void> =>
    new Promise(resolve => {
      if (pipe.destroyed || !pipe.writable) resolve();
      else pipe.write(`${JSON.stringify(command)}\n`, () => resolve());
    });

  void send({type: 'secret', secret});

  const ask = async (command: object, answer: string): Promise<Said> => {
    const answered = new Promise<Said>(resolve => waiting.set(answer, [...(waiting.get(answer) ?? []), resolve]));
    await send(command);
    return answered;
  };

  return {
    skew: async (offsetMs, drift) => void (await ask({type: 'skew', offsetMs, drift}, SKEWED)),
    arm: async (point, skip) => void (await ask({type: 'arm', point, skip}, point)),
    disarm: async () => void (await ask({type: 'disarm'}, DISARMED)),
    order: async (kind, command) => {
      const answer = await ask(command, countedKey(kind));
      return answer.type === 'counted' ? answer : {inForce: false, seen: 0, affected: 0};
    },
    onReport: listener => {
      listeners.push(listener);
      for (const report of reports) listener(report);
    },
    ended,
    destroy: () => pipe.destroy(),
  };
}

/** Arms a crash point and waits for the node to say so. Errors: NODE_GONE when it ends before, FAULT_FAILED when it says nothing. */
export async function armWithin(
  channel: ControlChannel,
  exited: Promise<NodeExit>,
  {node, point, skip}: {readonly node: string; readonly point: string; readonly skip: number},
): Promise<void> {
  await answered(channel.arm(point, skip), exited, {node, doing: 'arm', done: 'armed', what: point});
}

/** Skews a node's clock and waits for the node to say so. Errors: as of `armWithin`. */
export async function skewWithin(
  channel: ControlChannel,
  exited: Promise<NodeExit>,
  {node, offsetMs, drift}: {readonly node: string; readonly offsetMs: number; readonly drift: number},
): Promise<void> {
  await answered(channel.skew(offsetMs, drift), exited, {node, doing: 'set', done: 'set', what: 'its clock'});
}

/** Disarms, and waits for the node to say so; not for long where it is frozen, and not at all where it is gone. */
export async function disarmWithin(channel: ControlChannel, exited: Promise<NodeExit>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, DISARMED_WITHIN_MS);
  });
  await Promise.race([channel.disarm(), exited, late]).finally(() => clearTimeout(timer));
}

/** Waits for a node's answer to an order. Errors: as of `armWithin`. */
export async function tellWithin(
  answer: Promise<OrderState>,
  exited: Promise<NodeExit>,
  {node, kind}: {readonly node: string; readonly kind: string},
): Promise<OrderState> {
  return answered(answer, exited, {node, doing: 'answer to', done: 'answered to', what: `the order ${kind}`});
}

async function answered<T>(
  answer: Promise<T>,
  exited: Promise<NodeExit>,
  {
    node,
    doing,
    done,
    what,
  }: {readonly node: string; readonly doing: string; readonly done: string; readonly what: string},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new LabError('FAULT_FAILED', `${node} did not ${doing} ${what} within ${ANSWER_WITHIN_MS} ms.`)),
      ANSWER_WITHIN_MS,
    );
  });
  const gone = exited.then(() => {
    throw new LabError('NODE_GONE', `${node} ended before it had ${done} ${what}.`);
  });
  return Promise.race([answer, gone, late]).finally(() => clearTimeout(timer));
}

type Answer =
  | {readonly type: 'armed'; readonly point: string}
  | {readonly type: 'skewed' | 'disarmed'}
  | ({readonly type: 'counted'; readonly kind: string} & OrderState);
type Said = NodeReport | Answer;

function isAnswer(said: Said): said is Answer {
  return said.type === 'armed' || said.type === 'skewed' || said.type === 'disarmed' || said.type === 'counted';
}

/** The key under which somebody waits for it; no crash point has a name with a blank. */
function questionOf(answer: Answer): string {
  if (answer.type === 'armed') return answer.point;
  return answer.type === 'counted' ? countedKey(answer.kind) : answer.type;
}

function countedKey(kind: string): string {
  return `counted ${kind}`;
}

/** What nodes may say, as `services/kit/environment.ts` defines it. Read by hand: a library for it would take a third of the start. */
function parseReport(text: string, ownSecret: string): Said | undefined {
  const said = text.length > LINE_LENGTH_MAX ? undefined : parseObject(text);
  if (said === undefined) return undefined;
  const {type, point, at, seam, file, line, message, code, stack, what, secret} = said;
  switch (type) {
    case 'armed':
      return isText(point) ? {type, point} : undefined;
    case 'skewed':
    case 'disarmed':
      return {type};
    case 'counted': {
      const {kind, inForce, seen, affected, note} = said;
      if (!isText(kind) || typeof inForce !== 'boolean' || !isNumber(seen) || !isNumber(affected)) return undefined;
      return {type, kind, inForce, seen, affected, ...(isText(note) ? {note} : {})};
    }
    case 'crash-point':
      return isText(point) && isNumber(at) && secret === ownSecret ? {type, point, at} : undefined;
    case 'seam-error':
      if (!isText(seam) || !isText(file) || !isText(message)) return undefined;
      if (line !== undefined && !isNumber(line)) return undefined;
      return {type, seam, file, message, ...(line === undefined ? {} : {line})};
    case 'exit-called':
      return isNumber(code) && isText(stack) ? {type, code, stack} : undefined;
    case 'config-error':
      return isText(message) ? {type, message} : undefined;
    case 'tampering':
      return isText(what) ? {type, what} : undefined;
    default:
      return undefined;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
