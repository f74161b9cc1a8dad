import type {FastifyReply, FastifyRequest} from 'fastify';
import {Type} from 'typebox';
import type {Clock} from '../kit/clock.ts';
import type {InFlight} from './in-flight.ts';

/** A caller that does not say how long it waits is taken to wait this long. */
const PATIENCE_DEFAULT_MS = 10_000;
const PATIENCE_MAX_MS = 30_000;

/** How long a caller may say that it waits from now on: callers have clocks that nobody can rely on, so they need not name a time. */
export const PATIENCE_RANGE_MS = {minimum: 1, maximum: 60_000} as const;
export const PatienceHeaders = Type.Object({'x-patience-ms': Type.Optional(Type.Integer(PATIENCE_RANGE_MS))});

/** When the caller of a request stops waiting, unix ms: by `x-deadline` or `x-patience-ms`, whichever is sooner. */
export function callerDeadline({hop, headers}: FastifyRequest, clock: Clock): number {
  const now = clock.now();
  // Checked by the route's schema, which also makes a number of it.
  const stated = Number(headers['x-patience-ms'] ?? Number.NaN);
  const patience = Number.isNaN(stated) ? Number.POSITIVE_INFINITY : stated;
  const waits = patience === Number.POSITIVE_INFINITY && hop.deadline === undefined ? PATIENCE_DEFAULT_MS : patience;
  return Math.min(hop.deadline ?? Number.POSITIVE_INFINITY, now + Math.min(waits, PATIENCE_MAX_MS));
}

/**
 * Handles a request in a place of its own among those in flight. The place is held until the work has ended and the answer is sent: a
 * caller that goes away does not end the work, so it does not free the place either.
 */
export async function holdPlace<T>(inFlight: InFlight, reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  const leave = inFlight.enter(reply.request);
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
