import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import {isLate} from './client.ts';
import type {Final, Setup} from './lab.ts';
import {STABLE} from './traffic.ts';
import type {Walk} from './walk.ts';

/** No row twice, none missing, in order, in pages of the size that was asked for. */
export function judgePages({setup, final, control}: Evidence<Setup, Final>): Judgement {
  const expected =
    'each reader gets every item that was there all the time once, by name, in pages of the size that it asked for';
  const {walks} = final;
  if (walks.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no reader came to an end', expected);
  const stable = setup.stable.map(({id}) => id);
  const findings = walks.map(walk => ({walk, ...readingOf(walk, stable)}));
  const sum = (of: (one: (typeof findings)[number]) => number): number =>
    findings.reduce((all, one) => all + of(one), 0);
  const observed = `${walks.length} readers of ${stable.length} items while others came and went: ${sum(one => one.twice.length)} rows twice, ${sum(one => one.missing.length)} missing`;
  const broken = walks.filter(walk => walk.broken !== undefined);
  const evidence = findings.map(one => story(one.walk, one, setup));
  const failed = (code: string): Judgement => fail(code, observed, expected, evidence);
  const nothing = (why: string): Judgement =>
    inconclusive('NOTHING_TO_JUDGE', `${why}; otherwise: ${observed}`, expected, evidence);
  if (broken.some(({lastStatus}) => !control.busy || !isLate(lastStatus))) return failed('PAGES_BREAK_OFF');
  if (broken.length > 0) return nothing('the machine was busy, and a page was not answered in time');
  if (findings.some(({twice}) => twice.length > 0)) return failed('ROW_TWICE');
  if (findings.some(({missing}) => missing.length > 0)) return failed('ROW_MISSING');
  if (walks.some(({pages, limit}) => pages.some(page => page.length > limit))) return failed('PAGES_TOO_LARGE');
  if (walks.some(walk => !isInOrder(walk, setup))) return failed('NOT_BY_NAME');
  if (stable.length < STABLE / 2) return nothing('few items could be added before');
  if (walks.some(({moving}) => moving.size === 0)) return nothing('nothing came or went meanwhile');
  return pass(observed, expected);
}

interface Reading {
  readonly twice: readonly string[];
  readonly missing: readonly string[];
}

function readingOf({pages}: Walk, stable: readonly string[]): Reading {
  const ids = pages.flat();
  return {
    twice: [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))],
    missing: stable.filter(id => !ids.includes(id)),
  };
}

/** By the names that the run gave, which every collation sorts alike, and not by those that a page shows. */
function isInOrder({pages}: Walk, {stable}: Setup): boolean {
  const names = new Map(stable.map(({id, name}) => [id, name]));
  const shown = pages.flat().flatMap(id => names.get(id) ?? []);
  return shown.every((name, index) => index === 0 || (shown[index - 1] ?? '') <= name);
}

/** `reader with pages of 7: 12 pages; item … was on pages 3 and 4`. */
function story({limit, pages, broken}: Walk, {twice, missing}: Reading, {stable}: Setup): string {
  const head = `a reader with pages of ${limit}: ${pages.length} pages${broken === undefined ? '' : `, then ${broken}`}`;
  const [id] = twice;
  if (id !== undefined) {
    const on = pages.flatMap((page, index) => (page.includes(id) ? [index + 1] : []));
    return `${head}; item ${id} was on pages ${on.join(' and ')}`;
  }
  const lost = stable.find(item => missing.includes(item.id));
  return lost === undefined ? head : `${head}; item ${lost.id} (${lost.name}) was on none of them`;
}
