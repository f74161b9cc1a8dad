import type {StepRefusal} from './seams/saga.ts';

/** Another service was asked to do its step and said no, for good. */
export class RefusedError extends Error implements StepRefusal {
  readonly refused = true;
}

export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'refused' in error && error.refused === true;
}
