import {isDatabaseUnavailable, sqlState} from '../kit/postgres-errors.ts';
import {isUnavailable} from '../kit/unavailable.ts';

/** Outages, lost answers, deadlocks: not the message's fault. */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error);
  return (
    isDatabaseUnavailable(error) ||
    isUnavailable(error) ||
    state === '40001' ||
    state === '40P01' ||
    (error instanceof Error && 'commitUnknown' in error)
  );
}
