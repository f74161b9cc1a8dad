import type {onRequestHookHandler} from 'fastify';
import type {Broker} from '../kit/broker.ts';
import {Problem} from '../kit/problem.ts';
import type {Kit} from '../kit/service.ts';
import {ACTIVITY, GROUP} from './streams.ts';

/** Bodies of requests under way, bytes: parsed, encoded and waiting for the broker they take several times as much. */
const BYTES_MAX = 4_000_000;
/** Requests under way. Each has a body of at least this many bytes, for the count. */
const BYTES_EACH = 2_000;
/** What a body is taken for that does not say its length. */
const BYTES_UNKNOWN = 1_048_576;
/** Events that wait to be projected: about ten seconds of work. Behind them an accepted event would be seen too late to be of use. */
const BACKLOG_MAX = 50_000;
const LOOK_EVERY_MS = 1_000;

/** How much is taken in at once. */
export interface Intake {
  /** Takes a place for a body of so many bytes, which the function returned gives back. Throws a problem 503 when there is none. */
  enter(bytes: number): () => void;
}

/**
 * Bounds what requests hold in memory, and how far behind the projections may fall. The backlog is looked at in the background and only while
 * something is sent: no request waits for it.
 */
export function createIntake(
  {clock, log}: Pick<Kit, 'clock' | 'log'>,
  broker: Pick<Broker, 'lag'>,
  {bytesMax = BYTES_MAX, backlogMax = BACKLOG_MAX} = {},
): Intake {
  let bytesHeld = 0;
  let backlog = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking = false;

  async function look(): Promise<void> {
    looking = true;
    lookedAt = clock.monotonic();
    try {
      const lag = await broker.lag(ACTIVITY);
      backlog = lag.filter(({group}) => group === GROUP).reduce((sum, one) => sum + one.lag, 0);
    } catch (error) {
      // A broker that is away takes nothing in either.
      log.debug({err: error}, 'the backlog cannot be had');
    }
    looking = false;
  }

  return {
    enter(bytes) {
      if (!looking && clock.monotonic() - lookedAt >= LOOK_EVERY_MS) void look();
      if (backlog > backlogMax)
        throw overloaded(`${backlog} events wait to be counted; no more are taken until they are fewer.`);
      const held = Math.max(BYTES_EACH, bytes);
      if (bytesHeld > 0 && bytesHeld + held > bytesMax) throw overloaded('More is being sent than can be taken in.');
      bytesHeld += held;
      let isHeld = true;
      return () => {
        if (isHeld) bytesHeld -= held;
        isHeld = false;
      };
    },
  };
}

/** Before the body is read: what is refused costs next to nothing. */
export function takeIn(intake: Intake): onRequestHookHandler {
  return (request, reply, done) => {
    try {
      const length = Number(request.headers['content-length'] ?? BYTES_UNKNOWN);
      // Closed is what every answer is in the end, also one whose caller has gone.
      reply.raw.once('close', intake.enter(length));
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

function overloaded(detail: string): Problem {
  return new Problem({status: 503, kind: 'overloaded', detail, headers: {'retry-after': '1'}});
}
