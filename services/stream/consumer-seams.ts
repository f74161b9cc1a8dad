import {SeamError, whereThrown} from '../kit/seams.ts';
import type {Kit} from '../kit/service.ts';
import type {Consumption, Projection} from './consume-projected.ts';
import {countedEffects} from './effects.ts';
import {movePosition} from './move-position.ts';
import {isPassing} from './passing-errors.ts';
import {projectingHandler} from './seams/handler.default.ts';
import type {CreateHandler, Handler, HandlerTools} from './seams/handler.ts';
import {createPartition} from './seams/partition.default.ts';
import type {CreatePartition, Partition} from './seams/partition.ts';
import {subscription} from './seams/subscription.default.ts';
import type {Subscribe, Subscription} from './seams/subscription.ts';
import {ACTIVITY} from './streams.ts';

/** How the service consumes, with what replaces parts of it. */
export interface ConsumerSeams {
  /** The key under which an event of the stream `activity` is published. */
  readonly keyOf: Partition['key'];
  of(stream: string): Consumption;
}

/** Loads the seams `handler` and `partition` of the stream `activity`, and `subscription` of every stream. Throws a {@link SeamError}. */
export async function loadConsumerSeams(
  kit: Kit,
  projections: readonly {readonly stream: string; readonly projection: Projection}[],
): Promise<ConsumerSeams> {
  const {clock, database, environment, log} = kit;
  const subscribe = await kit.seam<Subscribe>('subscription', 'subscription', subscription);
  const makePartition = await kit.seam<CreatePartition>('partition', 'createPartition', createPartition);
  const makeHandler = await kit.seam<CreateHandler | undefined>('handler', 'createHandler', undefined);
  const own = createPartition({clock, log});
  const partition = made(kit, 'partition', () => makePartition({clock, log}), ['key', 'work']);
  const consumptions = new Map<string, Consumption>();
  for (const {stream, projection} of projections)
    consumptions.set(stream, {
      subscription: made(kit, 'subscription', () => checkSubscription(subscribe(stream)), []),
      work: (stream === ACTIVITY ? partition : own).work,
      handler: createHandler(projection, stream === ACTIVITY ? makeHandler : undefined),
    });

  function createHandler(projection: Projection, replacement: CreateHandler | undefined): Handler {
    const tools: Omit<HandlerTools, 'apply' | 'savePosition'> = {database, clock, log, isPassing};
    const counted = countedEffects(projection, environment.nodeName);
    if (replacement === undefined)
      return projectingHandler(projection)({...tools, ...counted, savePosition: movePosition});
    const handler = made(kit, 'handler', () => replacement({...tools, ...counted}), ['handle']);
    kit.onStart(async () => handler.start?.());
    kit.onStop(async () => handler.stop?.());
    return handler;
  }

  return {
    keyOf: event => partition.key(event),
    of(stream) {
      const found = consumptions.get(stream);
      if (found === undefined) throw new RangeError(`Nothing is made of the stream ${stream}.`);
      return found;
    },
  };
}

/** Calls a learner's function and looks at what it gives: a part that has no such methods would fail only later, far from the module. */
function made<T extends object>(kit: Kit, seam: string, make: () => T, methods: readonly (keyof T & string)[]): T {
  const file = kit.environment.seams[seam];
  try {
    const part: Partial<Record<string, unknown>> = {...make()};
    const missing = methods.find(method => typeof part[method] !== 'function');
    if (missing !== undefined) throw new TypeError(`What it makes has no method \`${missing}\`.`);
    return part as T;
  } catch (error) {
    if (file === undefined) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new SeamError({seam, message, ...whereThrown(error, file)});
  }
}

/** Bounds of the broker, and of what makes sense. */
const BOUNDS = {
  ackWaitMs: [50, 600_000],
  heartbeatMs: [0, 600_000],
  batchMax: [1, 1_000],
  concurrency: [1, 64],
} as const;

function checkSubscription(raw: Subscription): Subscription {
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value: unknown = raw?.[name as keyof typeof BOUNDS];
    if (!Number.isSafeInteger(value) || Number(value) < least || Number(value) > most)
      throw new RangeError(`${name} must be a whole number from ${least} to ${most}.`);
  }
  return raw;
}
