import type {FastifyReply, FastifyRequest} from 'fastify';
import type {Clock} from '../kit/clock.ts';
import type {InFlight} from './in-flight.ts';

/** A caller that does not say how long it waits is taken to wait this long. */
const PATIENCE_DEFAULT_MS = 10_000;
const PATIENCE_MAX_MS = 30_000;

/** When the caller of a request stops waiting, unix ms. */
export function callerDeadline({hop}: FastifyRequest, clock: Clock): number {
  const now = clock.now();
  return Math.min(hop.deadline ?? now + PATIENCE_DEFAULT_MS, now + PATIENCE_MAX_MS);
}

/**
 * Handles a request in a place of its own among those in flight. The place is held until the work has ended and the answer is sent: a
 * caller that goes away does not end the work, so it does not free the place either.
 */
export async function holdPlace<T>(inFlight: InFlight, reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  const leave = inFlight.enter();
  const sent = new Promise<void>(resolve => {
    if (reply.raw.destroyed || reply.raw.writableFinished) resolve();
    else reply.raw.once('close', resolve);
  });
  try {
    return await work();
  } finally {
    void sent.then(leave);
  }
}
