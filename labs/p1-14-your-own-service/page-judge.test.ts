import {describe, expect, it} from 'vitest';
import type {Evidence} from '../../src/labs/lab.ts';
import {createRandom} from '../../src/random.ts';
import type {Final, Setup} from './lab.ts';
import {judgePages} from './page-judge.ts';
import {byName, clientOf, type Decisions, pageOf, type Stored} from './service.fixture.ts';
import {STABLE} from './traffic.ts';
import {walk} from './walk.ts';

type Seen = Evidence<Setup, Final>;

const NAMES = 9;

/** What two readers see of a service that decides so, while items come and go. */
async function paged(decisions: Partial<Decisions> = {}): Promise<Seen> {
  const client = clientOf(decisions);
  const added = Array.from({length: STABLE}, (_, index) => client.add(`item-${index % NAMES}`, 1));
  const stable = (await Promise.all(added)).flatMap(item => item ?? []);
  const random = createRandom(1, 'readers');
  const walks = [
    await walk(client, random, {limit: 4, churn: true}),
    await walk(client, random, {limit: 7, churn: true}),
  ];
  return {setup: {stable}, final: {walks}, control: {busy: false}} as unknown as Seen;
}

const busy = (seen: Seen): Seen => ({...seen, control: {...seen.control, busy: true}});
const sorted = (items: readonly Stored[]): readonly Stored[] => items.toSorted(byName);
const behind = (items: readonly Stored[], cursor: string | null): readonly Stored[] =>
  items.slice(items.findIndex(({id}) => id === cursor) + 1);

describe("p1-14's judge of pages", () => {
  it('passes a list that goes on behind the last row by name and id', async () => {
    expect(judgePages(await paged())).toMatchObject({verdict: 'pass'});
  });

  it.each<[string, string, Decisions['page']]>([
    [
      'ROW_TWICE',
      'counts rows',
      (items, {limit, cursor}) => {
        const from = Number(cursor);
        const page = pageOf(sorted(items).slice(from), limit);
        return {...page, next: page.next && String(from + limit)};
      },
    ],
    [
      'ROW_MISSING',
      'goes on behind a name',
      (items, {limit, cursor}) => {
        const page = pageOf(
          sorted(items).filter(({name}) => cursor === null || name > cursor),
          limit,
        );
        return {...page, next: page.next && (page.items.at(-1)?.name ?? null)};
      },
    ],
    [
      'PAGES_BREAK_OFF',
      'refuses its own cursors',
      (items, {limit, cursor}) => (cursor === null ? pageOf(items, limit) : 400),
    ],
    ['PAGES_BREAK_OFF', 'has always a next page', (items, {limit}) => ({items: items.slice(0, limit), next: 'on'})],
    [
      'PAGES_BREAK_OFF',
      'has half a character for its next page',
      (items, {limit, cursor}) => (cursor === '\ufffd' ? 400 : {...pageOf(items, limit), next: '\ud83d'}),
    ],
    [
      'PAGES_TOO_LARGE',
      'shows the row that it read too many',
      (items, {limit, cursor}) => pageOf(behind(sorted(items), cursor), limit + 1),
    ],
    ['NOT_BY_NAME', 'goes by id', (items, {limit, cursor}) => pageOf(behind(items, cursor), limit)],
  ])('fails with %s a list that %s', async (code, _, page) => {
    expect(judgePages(await paged({page}))).toMatchObject({code});
  });

  it('takes the order from the names that were given, not from those that are shown', async () => {
    const nameless: Decisions['page'] = (items, {limit, cursor}) => {
      const page = pageOf(behind(items, cursor), limit);
      return {...page, items: page.items.map(item => ({...item, name: 'x'}))};
    };
    expect(judgePages(await paged({page: nameless}))).toMatchObject({code: 'NOT_BY_NAME'});
  });

  it('does not pass without readers, without items, or where nothing came', async () => {
    const seen = await paged();
    const [one] = seen.final.walks;
    const nothing = {code: 'NOTHING_TO_JUDGE', verdict: 'inconclusive'};
    expect(judgePages({...seen, final: {...seen.final, walks: []}})).toMatchObject(nothing);
    expect(judgePages({...seen, setup: {...seen.setup, stable: []}})).toMatchObject(nothing);
    const still = {...seen.final, walks: [{...one, moving: new Set<string>()} as Final['walks'][number]]};
    expect(judgePages({...seen, final: still})).toMatchObject(nothing);
  });

  it('leaves a page open that a busy machine did not answer in time, and no other one', async () => {
    const seen = await paged({page: (items, {limit, cursor}) => (cursor === null ? pageOf(items, limit) : 504)});
    expect(judgePages(seen)).toMatchObject({code: 'PAGES_BREAK_OFF'});
    expect(judgePages(busy(seen))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
    const refused = await paged({page: () => 400});
    expect(judgePages(busy(refused))).toMatchObject({code: 'PAGES_BREAK_OFF'});
  });
});
