import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Browser} from 'puppeteer-core';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import type {Journal} from '../src/faults/experiments/journal.ts';
import {emptyJournal, generatedJournal, HOSTILE_TEXTS, journalOfTexts, longLoad, START} from '../src/report/testing.ts';
import {openBrowser, openFile} from './support/browser.ts';
import {bin} from './support/learner.ts';
import {openAllDetails, overflowing, places, reading, textsOutside} from './support/report-page.ts';
import {requireTool} from './support/require.ts';

const folder = mkdtempSync(join(tmpdir(), 'teralab-report-'));
let browser: Browser | undefined;

/** The report of a journal as the built command writes it, once. */
function reportOf(name: string, journal: Journal): string {
  const runs = join(folder, name);
  if (existsSync(runs)) return join(runs, 'report.html');
  mkdirSync(runs, {recursive: true});
  writeFileSync(join(runs, 'journal.json'), JSON.stringify(journal));
  execFileSync(process.execPath, [bin, 'chaos', 'report', runs], {stdio: 'pipe'});
  return join(runs, 'report.html');
}

describe('a report in a browser', () => {
  beforeEach(async context => {
    requireTool(context, 'chromium');
    browser ??= await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, {recursive: true, force: true});
  });
  const open = async (file: string, look: {width: number; scheme?: 'light' | 'dark'}) => {
    if (browser === undefined) throw new Error('no browser');
    return openFile(browser, file, look);
  };

  it.each([
    ['of two faults', generatedJournal(), [320, 400, 641, 1400]],
    ['of nothing', emptyJournal({end: null, status: 'interrupted', because: null}), [400, 1400]],
    ['of hostile texts', journalOfTexts(HOSTILE_TEXTS), [400, 1400]],
    ['of 10,000 measurements', generatedJournal(2, {load: longLoad(10_000)}), [400]],
  ])('%s asks for nothing, complains of nothing, and fits its width', async (name, journal, widths) => {
    const {page, complaints, requests} = await open(reportOf(name, journal), {width: 1400});
    await openAllDetails(page);
    for (const width of widths) {
      await page.setViewport({width, height: 900});
      expect([width, await overflowing(page)]).toEqual([width, []]);
    }
    expect(
      await page.evaluate(`['harmed' in window, [...document.scripts].filter(({type}) => type === '').length]`),
    ).toEqual([false, 1]);
    expect([complaints, requests]).toEqual([[], []]);
    await page.close();
  });

  it.each([400, 1400])(
    'has one axis of time for all panels, and faults shaded on it where they were, at %i pixels',
    async width => {
      const journal = generatedJournal();
      const {page} = await open(reportOf('of two faults', journal), {width});
      const ticks = await places(page, '[data-axis-time]', 'data-axis-time');
      const [first, last] = [ticks[0], ticks.at(-1)];
      if (first === undefined || last === undefined) throw new Error('no axis');
      const perMs = (last.left - first.left) / (Number(last.key) - Number(first.key));
      const isAt = (x: number, at: number): void =>
        expect(Math.abs(x - (first.left + (at - Number(first.key)) * perMs))).toBeLessThan(1);
      expect(ticks.length).toBeGreaterThanOrEqual(4);
      for (const {key, left} of ticks) isAt(left, Number(key));

      const grid = await places(page, '[data-time]', 'data-time');
      expect(new Set(grid.map(({panel}) => panel))).toEqual(new Set(['throughput', 'latency', 'errors']));
      expect(grid).toHaveLength(3 * ticks.length);
      for (const {key, left} of grid) isAt(left, Number(key));

      const shades = await places(page, 'rect.shade', 'data-window');
      // One in the row of its own and one in each of three panels.
      expect(shades.map(({key}) => key).sort()).toEqual(journal.faults.flatMap(({id}) => [id, id, id, id]).sort());
      for (const {id, appliedAt = 0, endedAt = 0} of journal.faults) {
        for (const {left, right} of shades.filter(({key}) => key === id)) {
          isAt(left, appliedAt);
          isAt(right, endedAt);
        }
      }

      // The load was measured from its first second to its last: so far its lines reach.
      for (const {left, right} of await places(page, '[data-line="ok"], [data-line="p50"]', 'data-line')) {
        isAt(left, START + 500);
        isAt(right, START + 59_500);
      }
      expect(await textsOutside(page)).toEqual([]);
      await page.close();
    },
  );

  it('reads values under the pointer and by keys', async () => {
    const {page, complaints} = await open(reportOf('of two faults', generatedJournal()), {width: 1400});
    await page.evaluate(`document.querySelector('.chart').scrollIntoView()`);
    const [shade] = await places(page, '[data-panel="latency"] rect.shade', 'data-window');
    if (shade === undefined) throw new Error('nothing is shaded');
    await page.mouse.move((shade.left + shade.right) / 2, shade.top + 20);
    expect(await reading(page)).toMatch(/^19 s to 20 s\nok \d+\/s, failed .*\np50 \d.* ms\nlatency gateway->identity$/);
    await page.focus('.chart');
    await page.keyboard.press('Home');
    expect(await reading(page)).toMatch(/^0 s to 1 s\n/);
    await page.keyboard.press('ArrowRight');
    expect(await reading(page)).toMatch(/^1 s to 2 s\n/);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(`document.querySelector('.reading').hidden`)).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('says everything without its script', async () => {
    if (browser === undefined) throw new Error('no browser');
    const file = reportOf('of two faults', generatedJournal());
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(`file://${file}`);
    const tree = await page.accessibility.snapshot({interestingOnly: false});
    const text = JSON.stringify(tree);
    for (const part of ['Completed', 'Timeline of 2 faults', 'while a fault was in force', 'The timeline as a table'])
      expect(text).toContain(part);
    await page.close();
  });

  it('follows the scheme of who reads it, and prints', async () => {
    const file = reportOf('of two faults', generatedJournal());
    const pictures = [];
    for (const scheme of ['light', 'dark'] as const) {
      const {page} = await open(file, {width: 1000, scheme});
      const path = join(folder, `${scheme}.png`);
      await page.screenshot({path: `${folder}/${scheme}.png`, fullPage: true});
      pictures.push(statSync(path).size, await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      if (scheme === 'dark') {
        await page.emulateMediaType('print');
        expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
        expect(Buffer.from(await page.pdf({format: 'A4'})).toString('latin1', 0, 4)).toBe('%PDF');
      }
      await page.close();
    }
    expect(pictures[0]).toBeGreaterThan(20_000);
    expect(pictures[1]).not.toBe(pictures[3]);
  });
});
