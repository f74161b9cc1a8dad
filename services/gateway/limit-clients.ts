import type {FastifyRequest} from 'fastify';
import {Problem} from '../kit/problem.ts';
import type {Kit} from '../kit/service.ts';
import {UnavailableError} from '../kit/unavailable.ts';
import {createLimitOf} from './seams/limits.default.ts';
import type {Limit} from './seams/limits.ts';
import {createRateLimit as defaultRateLimit} from './seams/rate-limit.default.ts';
import type {LimitStore, RateDecision} from './seams/rate-limit.ts';

const CLIENT_LENGTH_MAX = 200;

/** Holds clients to their limits, on all routes but probes: once it is known who asks, before the body is read or anything is done. */
export async function limitClients(kit: Kit, limit: () => Limit): Promise<void> {
  const {app, clock, log} = kit;
  const limitOf = await kit.seam('limits', 'limitOf', createLimitOf(limit));
  const createRateLimit = await kit.seam('rate-limit', 'createRateLimit', defaultRateLimit);
  const limiter = createRateLimit({store: (await kit.space('limits')) ?? NO_STORE, clock, log});
  kit.onStart(async () => limiter.start?.());
  kit.onStop(async () => limiter.stop?.());
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.routeOptions.config.probe === true) {
      done(null, payload);
      return;
    }
    const client = clientOf(request);
    const fail = (error: unknown): void => done(asError(error));
    try {
      const decision = limiter.take(client, limitOf(client));
      if (decision instanceof Promise) decision.then(refusal).then(problem => done(problem, payload), fail);
      else done(refusal(decision), payload);
    } catch (error) {
      fail(error);
    }
  });
}

/** Whose request it is. An `x-client-id` is only a claim: it counts where nobody has signed in. */
export function clientOf({account, headers, ip}: Pick<FastifyRequest, 'account' | 'headers' | 'ip'>): string {
  if (account !== '') return `account:${account}`;
  const claimed = headers['x-client-id'];
  if (typeof claimed === 'string' && claimed !== '') return `client:${claimed.slice(0, CLIENT_LENGTH_MAX)}`;
  return `address:${ip}`;
}

function refusal(decision: RateDecision): Problem | null {
  if (decision.allowed) return null;
  // What is no number is one second.
  const seconds = Math.max(1, Math.ceil(decision.retryAfterSeconds) || 1);
  return new Problem({
    status: 429,
    kind: 'rate-limited',
    detail: `This client has used up its limit; the next request may pass in ${seconds} s.`,
    headers: {'retry-after': String(seconds)},
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`The rate limiter threw ${String(error)}.`);
}

const refuse = (): Promise<never> =>
  Promise.reject(new UnavailableError('BROKER_URL names no store that gateways could share.'));
/** A gateway that was given no broker has nothing to share with others. */
const NO_STORE: LimitStore = {get: refuse, put: refuse, create: refuse, compareAndSet: refuse, delete: refuse};
