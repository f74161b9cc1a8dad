import {type LinkAnswer, type LinkRequest, UnknownServiceError} from '../kit/links.ts';
import {DEADLINE_HEADER} from '../kit/request-context.ts';
import type {Kit} from '../kit/service.ts';
import {tellingUnsent} from './find-instances.ts';
import type {Discovery} from './seams/discovery.ts';
import type {TrafficSplit} from './seams/traffic-split.ts';
import type {CreateUpstreamPolicy, UpstreamPolicy} from './seams/upstream-policy.ts';
import {upstreamProblem} from './upstream-errors.ts';

export interface UpstreamCall extends Omit<LinkRequest, 'signal'> {
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number;
  /** Ends the call from outside, whatever the policy does. */
  readonly signal?: AbortSignal;
}

/** The services behind the gateway, each called by its own policy. */
export interface Upstreams {
  /** Rejects with a problem for the caller when no answer came. */
  call(service: string, call: UpstreamCall): Promise<LinkAnswer>;
}

export interface UpstreamParts {
  readonly discovery: Discovery;
  /** No attempt is waited for longer than this, ms. */
  readonly withinMs: () => number | undefined;
  readonly split: TrafficSplit;
}

const REPEATABLE_METHODS = new Set(['GET', 'HEAD']);

export function createUpstreams(
  {links, clock, log}: Pick<Kit, 'links' | 'clock' | 'log'>,
  createPolicy: CreateUpstreamPolicy,
  services: Iterable<string>,
  {discovery, withinMs, split}: UpstreamParts,
): Upstreams {
  const policies = new Map<string, UpstreamPolicy>();
  for (const service of services) policies.set(service, createPolicy(service, {clock, log}));
  const policyOf = (service: string): UpstreamPolicy => {
    const policy = policies.get(service);
    if (policy === undefined) throw new UnknownServiceError(service);
    return policy;
  };

  return {
    async call(service, {deadline, signal: outer, ...request}) {
      const safeToRepeat = REPEATABLE_METHODS.has(request.method) || request.headers?.['idempotency-key'] !== undefined;
      const headers = {...request.headers, [DEADLINE_HEADER]: String(Math.floor(deadline))};
      try {
        outer?.throwIfAborted();
        const mayWait = request.headers?.['x-position'] !== undefined;
        const asked = {method: request.method, path: request.path, safeToRepeat, mayWait, deadline};
        const {'x-release': wanted, 'x-client-id': client, authorization} = request.headers ?? {};
        const lane = split.laneOf({service, wanted, client: client ?? authorization});
        const answer = policyOf(service).call(asked, attempt => {
          const bound = withinMs();
          const signal = bound === undefined ? attempt : AbortSignal.any([attempt, AbortSignal.timeout(bound)]);
          const sendTo = tellingUnsent<LinkAnswer>((node, own) =>
            links.request(service, {...request, headers, node, signal: anyOf(signal, outer, own)}),
          );
          return discovery.request(service, lane === undefined ? asked : {...asked, lane}, sendTo);
        });
        return await unlessAborted(answer, outer);
      } catch (error) {
        throw upstreamProblem(service, error);
      }
    },
  };
}

function anyOf(first: AbortSignal, ...others: readonly (AbortSignal | undefined)[]): AbortSignal {
  const more = others.filter(signal => signal !== undefined);
  return more.length === 0 ? first : AbortSignal.any([first, ...more]);
}

/** Rejects as soon as the signal is aborted. An answer that comes later is destroyed, so that it holds no socket. */
async function unlessAborted(answer: Promise<LinkAnswer>, signal: AbortSignal | undefined): Promise<LinkAnswer> {
  if (signal === undefined) return answer;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, {once: true});
  });
  try {
    return await Promise.race([answer, aborted]);
  } catch (error) {
    answer.then(
      late => late.body.destroy(),
      () => undefined,
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
