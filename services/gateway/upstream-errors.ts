import {Problem} from '../kit/problem.ts';
import type {Refusal} from './seams/upstream-policy.ts';

/** An upstream answered, and not with a 2xx. */
export class UpstreamStatusError extends Error {
  readonly service: string;
  readonly status: number;

  constructor(service: string, status: number) {
    super(`${service} answered ${status}.`);
    this.service = service;
    this.name = 'UpstreamStatusError';
    this.status = status;
  }
}

/** What the caller is told when a call to `service` ended without an answer that could be passed on. */
export function upstreamProblem(service: string, error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (isRefusal(error)) {
    const headers = {'retry-after': String(Math.max(1, Math.ceil(error.retryAfterSeconds)))};
    return new Problem({
      status: 503,
      kind: 'upstream-refused',
      detail: `${service} was not asked: ${error.refused}.`,
      headers,
    });
  }
  if (error instanceof UpstreamStatusError)
    return new Problem({status: 502, kind: 'upstream-failed', detail: error.message});
  if (!(error instanceof Error)) return error;
  if (/^(TimeoutError|AbortError)$/.test(error.name) || TIMEOUT_CODES.has(codeOf(error))) {
    return new Problem({status: 504, kind: 'upstream-timeout', detail: `${service} did not answer in time.`});
  }
  if (/^(E[A-Z]+|UND_ERR_)/.test(codeOf(error)) || error.name === 'UnknownServiceError') {
    return new Problem({
      status: 502,
      kind: 'upstream-unreachable',
      detail: `${service} could not be reached, or broke off.`,
    });
  }
  return error;
}

export function isRefusal(error: unknown): error is Refusal {
  return (
    typeof error === 'object' &&
    error !== null &&
    'refused' in error &&
    'retryAfterSeconds' in error &&
    typeof error.retryAfterSeconds === 'number'
  );
}

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
]);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
