import type {Random} from '../../src/random.ts';
import type {Client, Item} from './client.ts';

/** A reader that goes from page to page until there is no next one. */
export interface Walk {
  readonly limit: number;
  /** Ids by page, in the order in which they came. */
  readonly pages: readonly (readonly string[])[];
  /** Why it did not come to an end. */
  readonly broken: string | undefined;
  /** What the last page that was asked for was answered; null: nothing in time. */
  readonly lastStatus: number | null;
  /** Items that came meanwhile, some of which went again: whether they are shown is left open. Without any nothing was asked of the pages. */
  readonly moving: ReadonlySet<string>;
}

const PAGES_MAX = 120;

/**
 * Reads all pages. Behind each page something changes in front of it: an item is added that stands before all others, and one that was on
 * a page already is taken away. Whoever counts rows loses his place by the one, or by the other.
 */
export async function walk(
  client: Client,
  random: Random,
  {limit, churn}: {readonly limit: number; readonly churn: boolean},
): Promise<Walk> {
  const pages: string[][] = [];
  const moving = new Set<string>();
  const goingNext: Item[] = [];
  let cursor: string | null = null;
  let lastStatus: number | null = null;
  const ended = (broken?: string): Walk => ({limit, pages, broken, lastStatus, moving});

  do {
    // Takes any string: half a surrogate pair goes out as the replacement character.
    const query = new URLSearchParams({limit: String(limit), ...(cursor === null ? {} : {cursor})});
    const {status, json} = await client.send('GET', `/v1/items?${query}`);
    lastStatus = status;
    if (status !== 200 || !Array.isArray(json.items))
      return ended(`page ${pages.length + 1} was answered ${status ?? 'not at all'}`);
    const items = json.items as Item[];
    pages.push(items.map(item => String(item?.id)));
    cursor = typeof json.next === 'string' ? json.next : null;
    if (churn) await change();
  } while (cursor !== null && pages.length < PAGES_MAX);
  return ended(cursor === null ? undefined : `there was no end after ${PAGES_MAX} pages`);

  async function change(): Promise<void> {
    const added = await client.add(`aaa-${random.hex(4)}`, 1);
    if (added !== undefined) {
      moving.add(added.id);
      goingNext.push(added);
    }
    // By turns something comes, or comes and goes: else what comes and what goes would make up for each other.
    const gone = pages.length % 3 === 0 ? goingNext.splice(0, 2) : [];
    for (const {id} of gone) await client.send('DELETE', `/v1/items/${id}`);
  }
}
