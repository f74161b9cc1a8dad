import type {RequestLogEntry} from '../fabric/fabric.ts';
import type {LedgerEntry} from '../load/load.ts';

/** Something else that happened to the operation, or around it: a row, a kill, an event. */
export interface StoryEvent {
  /** Unix ms. */
  readonly at: number;
  readonly text: string;
}

export interface StoryOptions {
  /** Requests on links that belong to the operation. */
  readonly requests?: readonly RequestLogEntry[];
  readonly events?: readonly StoryEvent[];
  /** Counts that the first line names: `rows 2`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Lines at most, the first one included (default 12). */
  readonly linesMax?: number;
}

/**
 * The timeline of one operation, the way evidence begins:
 *
 *     op 317: sent 3 times, rows 2, at +0, +210, +431 ms
 *       +0 ms POST /v1/accounts sent: timeout after 200 ms
 *       +1 ms gateway-1->identity-1 POST /v1/accounts: no answer passed (drop_reply)
 *       +210 ms …
 *
 * Times count from the first send, or from the intended start where nothing was sent.
 */
export function story(
  entry: LedgerEntry,
  {requests = [], events = [], counts = {}, linesMax = 12}: StoryOptions = {},
): readonly string[] {
  const zero = entry.sends[0]?.at ?? entry.intendedAt;
  const after = (at: number): string => `${at < zero ? '-' : '+'}${Math.abs(Math.round(at - zero))}`;
  const {method, path} = entry.operation.request;
  const moments: StoryEvent[] = [
    ...entry.sends.map(send => ({
      at: send.at,
      text: `${method} ${path} sent: ${send.status ?? send.error ?? 'no answer'} after ${Math.round(send.durationMs)} ms`,
    })),
    ...requests.map(request => ({
      at: request.at,
      text: `${request.proxy} ${request.method} ${request.path}: ${fateOf(request)}`,
    })),
    ...events,
  ].toSorted((a, b) => a.at - b.at);
  const lines = moments.map(({at, text}) => `  ${after(at)} ms ${text}`);
  const room = Math.max(1, linesMax - 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `  … ${lines.length - room + 1} more`];
  return [headline(entry, counts, after), ...shown];
}

function headline(entry: LedgerEntry, counts: Readonly<Record<string, number>>, after: (at: number) => string): string {
  const times = entry.sends.length;
  const sent = times === 0 ? 'never sent' : `sent ${times === 1 ? 'once' : `${times} times`}`;
  const facts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const moments = entry.sends.map(({at}) => after(at)).join(', ');
  return [`${nameOf(entry)}: ${sent}`, ...facts, ...(times === 0 ? [] : [`at ${moments} ms`])].join(', ');
}

/** `op 317` for an id like `register-317`, else the id itself. */
function nameOf({id, name}: LedgerEntry): string {
  const number = id.startsWith(`${name}-`) ? id.slice(name.length + 1) : '';
  return /^\d+$/.test(number) ? `op ${number}` : `op ${id}`;
}

function fateOf({status, lost, injected, durationMs}: RequestLogEntry): string {
  if (status === null) return `no answer passed${lost === undefined ? '' : ` (${lost})`}`;
  const whose = {before: ', injected in its place', after: ", injected in place of the callee's own"};
  return `${status} after ${Math.round(durationMs)} ms${injected === undefined ? '' : whose[injected]}`;
}
