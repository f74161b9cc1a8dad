import type {LabTools} from '../../src/labs/lab.ts';
import type {Expected, Setup} from './set-up.ts';

export interface Page {
  readonly missing: readonly string[];
  readonly items: readonly Expected[];
  readonly next: string | null;
}

/** Which page was asked for: so many alerts, after the alert of this account. */
export interface Which {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type Names = 'before' | 'after' | 'missing';

/** The page as it has to be: with the names before or after the change, or without names. */
export function expectedPage({alerts, renamed}: Setup, {limit, cursor}: Which, names: Names): Page {
  const from = cursor === undefined ? 0 : alerts.findIndex(({account}) => account === cursor) + 1;
  const items = alerts.slice(from, from + limit).map(alert => ({
    account: alert.account,
    name: nameOf(alert),
    failures: alert.failures,
    first: alert.first,
    last: alert.last,
  }));
  const isMore = alerts.length > from + limit;
  return {missing: names === 'missing' ? ['names'] : [], items, next: isMore ? (items.at(-1)?.account ?? null) : null};

  function nameOf({account, name}: Expected): string | null {
    if (names === 'missing') return null;
    return names === 'after' && account === renamed.account ? renamed.to : name;
  }
}

/** What differs between a page, or the beginning of its text, and the page as it has to be; undefined where nothing does. */
export function difference(
  seen: string,
  expected: Page,
  // The ledger keeps the beginning of an answer.
  isWhole = seen.length < LEDGER_BYTES,
): string | undefined {
  const text = JSON.stringify(expected);
  if (isWhole ? seen === text : text.startsWith(seen)) return undefined;
  let at = 0;
  while (at < seen.length && seen[at] === text[at]) at++;
  const from = Math.max(0, at - 60);
  return `…${seen.slice(from, at + 60)}… instead of …${text.slice(from, at + 60)}…`;
}

const LEDGER_BYTES = 4_096;

const PATIENCE_MS = 5_000;

/** Pages that are read at the end, whole. */
export interface Final {
  readonly pages: readonly {
    readonly which: Which;
    /** What its reader may see. */
    readonly names: Names;
    readonly status: number;
    readonly text: string;
  }[];
}

/** The longest page, one from the middle that no load has asked for, and then the same once more by somebody who may not see names. */
export async function finalPages(tools: LabTools, {token, renamed, alerts}: Setup): Promise<Final> {
  const middle = {limit: 7, cursor: alerts[tools.random.integer(5, 40)]?.account};
  const asked = [
    {which: {limit: 50}, names: 'after', by: token},
    {which: middle, names: 'after', by: token},
    {which: middle, names: 'missing', by: renamed.token},
  ] as const;
  const pages: Final['pages'][number][] = [];
  for (const {which, names, by} of asked) {
    const cursor = 'cursor' in which ? `&cursor=${which.cursor}` : '';
    const url = new URL(`/v1/sign-in-alerts?limit=${which.limit}${cursor}`, tools.gateways[0]);
    pages.push({which, names, ...(await askOnce(url, by))});
  }
  return {pages};
}

/** What is answered is judged, whatever it is; no answer is status 0. */
async function askOnce(url: URL, token: string): Promise<{readonly status: number; readonly text: string}> {
  const headers = {authorization: `Bearer ${token}`, 'x-patience-ms': String(PATIENCE_MS)};
  try {
    const answer = await fetch(url, {headers, signal: AbortSignal.timeout(2 * PATIENCE_MS)});
    return {status: answer.status, text: await answer.text()};
  } catch (error) {
    return {status: 0, text: error instanceof Error ? error.message : String(error)};
  }
}
