import {Problem} from '../kit/problem.ts';

/** Where a page ended: the last event on it. */
export interface Cursor {
  readonly at: string;
  readonly eventId: string;
}

export function encodeCursor({at, eventId}: Cursor): string {
  return Buffer.from(JSON.stringify([at, eventId])).toString('base64url');
}

/** Throws a problem 400 for what `encodeCursor` did not make. */
export function decodeCursor(raw: string): Cursor {
  try {
    const [at, eventId, ...rest] = JSON.parse(Buffer.from(raw, 'base64url').toString('utf8')) as unknown[];
    if (typeof at === 'string' && typeof eventId === 'string' && !eventId.includes('\0') && rest.length === 0) {
      return {at: new Date(at).toISOString(), eventId};
    }
  } catch {
    // Told below.
  }
  throw new Problem({
    status: 400,
    kind: 'validation-failed',
    detail: '`cursor` is not one that a page gave as `next`.',
  });
}
