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
export function difference(seen: string, expected: Page): string | undefined {
  const text = JSON.stringify(expected);
  // The ledger keeps the beginning of an answer.
  const isWhole = seen.length < LEDGER_BYTES;
  if (isWhole ? seen === text : text.startsWith(seen)) return undefined;
  let at = 0;
  while (at < seen.length && seen[at] === text[at]) at++;
  const from = Math.max(0, at - 60);
  return `…${seen.slice(from, at + 60)}… instead of …${text.slice(from, at + 60)}…`;
}

const LEDGER_BYTES = 4_096;

/** Pages that are read at the end, whole: the longest, and one from the middle that no load has asked for. */
export interface Final {
  readonly pages: readonly {readonly which: Which; readonly status: number; readonly text: string}[];
}

export async function finalPages(tools: LabTools, {token, alerts}: Setup): Promise<Final> {
  const some: readonly Which[] = [{limit: 50}, {limit: 7, cursor: alerts[tools.random.integer(5, 40)]?.account}];
  const pages: Final['pages'][number][] = [];
  for (const which of some) {
    const query = `limit=${which.limit}${which.cursor === undefined ? '' : `&cursor=${which.cursor}`}`;
    const headers = {authorization: `Bearer ${token}`, 'x-patience-ms': '8000'};
    const {status, body} = await tools.http('GET', `/v1/sign-in-alerts?${query}`, {headers});
    pages.push({which, status, text: JSON.stringify(body)});
  }
  return {pages};
}
