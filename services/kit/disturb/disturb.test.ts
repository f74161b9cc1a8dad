import {readFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {ControlReport} from '../environment.ts';
import {bundle, bundleService, type ServiceProcess, spawnService} from '../testing/process.ts';
import {createLeak} from './leak.ts';

const MB = 1_000_000;
type Counted = Extract<ControlReport, {type: 'counted'}>;

let service: Awaited<ReturnType<typeof bundleService>>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-disturb-'));
  service = await bundleService(fileURLToPath(new URL('../testing/blank.ts', import.meta.url)));
});
afterAll(async () => {
  await Promise.all([service.remove(), rm(folder, {recursive: true})]);
});

/** The last answers of a process about an order; waits for as many as were asked for. */
async function counted(running: ServiceProcess, answers: number): Promise<Counted> {
  const all = (): readonly Counted[] => running.reports.filter((one): one is Counted => one.type === 'counted');
  await running.until(() => all().length >= answers);
  return all()[answers - 1] as Counted;
}

/** How long an answer took, ms; undefined where none came in time. */
async function answersIn(url: string, withinMs: number): Promise<number | undefined> {
  const from = performance.now();
  return fetch(`${url}/livez`, {signal: AbortSignal.timeout(withinMs), headers: {connection: 'close'}}).then(
    answer => (answer.ok ? performance.now() - from : undefined),
    () => undefined,
  );
}

describe('a service that is told to be busy', () => {
  it('answers in the free part of each period only, until its time is up', async () => {
    await using running = spawnService(service.file);
    const url = await running.url();
    running.tell({type: 'disturb', order: {kind: 'busy', share: 0.8, periodMs: 500}, forMs: 1_500});
    expect(await counted(running, 1)).toMatchObject({kind: 'busy', inForce: true});
    const took: number[] = [];
    const end = performance.now() + 1_000;
    while (performance.now() < end) took.push((await answersIn(url, 5_000)) ?? Number.NaN);
    expect(Math.max(...took)).toBeGreaterThan(150);
    await running.until(() => {
      running.tell({type: 'count', kind: 'busy'});
      return running.reports.some(one => one.type === 'counted' && !one.inForce);
    });
    const last = running.reports.findLast((one): one is Counted => one.type === 'counted' && !one.inForce);
    expect(last?.affected).toBeGreaterThan(800);
    expect(last?.affected).toBeLessThanOrEqual(1_600);
    expect(await answersIn(url, 5_000)).toBeDefined();
  });

  it('answers nothing while all of its time is taken, ends on time all the same, and can be told to stop before', async () => {
    await using running = spawnService(service.file);
    const url = await running.url();
    const from = performance.now();
    running.tell({type: 'disturb', order: {kind: 'busy', share: 1, periodMs: 100}, forMs: 700});
    await counted(running, 1);
    expect(await answersIn(url, 300)).toBeUndefined();
    expect(await answersIn(url, 10_000)).toBeDefined();
    expect(performance.now() - from).toBeGreaterThanOrEqual(690);
    running.tell({type: 'disturb', order: {kind: 'busy', share: 1, periodMs: 100}, forMs: null});
    await counted(running, 2);
    expect(await answersIn(url, 300)).toBeUndefined();
    running.tell({type: 'arm', point: 'before_commit', skip: 0});
    await running.until(() => running.reports.some(({type}) => type === 'armed'));
    running.tell({type: 'calm', kind: 'busy'});
    expect(await counted(running, 3)).toMatchObject({inForce: false});
    expect(await answersIn(url, 10_000)).toBeDefined();
  });

  it('still ends with its supervisor', async () => {
    await using running = spawnService(service.file);
    await running.url();
    running.tell({type: 'disturb', order: {kind: 'busy', share: 1, periodMs: 100}, forMs: null});
    await counted(running, 1);
    running.hangUp();
    expect(await running.exited).toEqual({code: null, signal: 'SIGKILL'});
  });

  it('stays so whatever a seam does to what is global', async () => {
    const entry = join(folder, 'saboteur.ts');
    await writeFile(
      entry,
      `import fs from 'node:fs';
       import {syncBuiltinESMExports} from 'node:module';
       export const greet = () => {
         globalThis.setTimeout = (() => 0) as never;
         globalThis.clearTimeout = () => undefined;
         Atomics.wait = (() => 'ok') as never;
         performance.now = () => 1e12;
         fs.readSync = (() => 0) as never;
         syncBuiltinESMExports();
         return 'sabotaged';
       };`,
    );
    await bundle(entry, join(folder, 'saboteur.mjs'));
    await using running = spawnService(service.file, {
      SEAMS: JSON.stringify({greeting: join(folder, 'saboteur.mjs')}),
    });
    const url = await running.url();
    expect(await (await fetch(`${url}/greet/Ada`)).json()).toEqual({text: 'sabotaged'});
    running.tell({type: 'disturb', order: {kind: 'busy', share: 1, periodMs: 100}, forMs: 1_000});
    await counted(running, 1);
    const from = performance.now();
    expect(await answersIn(url, 10_000)).toBeGreaterThan(500);
    expect(performance.now() - from).toBeLessThan(8_000);
  });
});

describe('a service that is told to leak', () => {
  const rssOf = ({child}: ServiceProcess): number =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1_024;

  it.skipIf(process.platform !== 'linux')('grows to its limit and no further, and gives all of it back', async () => {
    await using running = spawnService(service.file);
    await running.url();
    const before = rssOf(running);
    running.tell({type: 'disturb', order: {kind: 'leak', bytesPerSecond: 400 * MB, limitBytes: 120 * MB}, forMs: null});
    await counted(running, 1);
    await running.until(() => rssOf(running) - before > 100 * MB);
    running.tell({type: 'count', kind: 'leak'});
    expect((await counted(running, 2)).affected).toBeLessThanOrEqual(120 * MB);
    running.tell({type: 'calm', kind: 'leak'});
    expect(await counted(running, 3)).toMatchObject({inForce: false});
    await running.until(() => rssOf(running) - before < 30 * MB);
  });

  it.skipIf(process.platform !== 'linux')('gives it back by itself when its time is up', async () => {
    await using running = spawnService(service.file);
    await running.url();
    const before = rssOf(running);
    running.tell({type: 'disturb', order: {kind: 'leak', bytesPerSecond: 400 * MB, limitBytes: 80 * MB}, forMs: 800});
    await running.until(() => rssOf(running) - before > 60 * MB);
    await running.until(() => rssOf(running) - before < 30 * MB);
  });

  it('takes a quarter of the machine at most, and leaves a tenth of it to others', async () => {
    const leak = createLeak({total: 40 * MB, free: () => 40 * MB - leak.state().affected});
    leak.start({kind: 'leak', bytesPerSecond: 10_000 * MB, limitBytes: 1_000 * MB});
    await expect.poll(() => leak.state().affected).toBe(10 * MB);
    leak.stop();
    expect(leak.state()).toEqual({seen: 0, affected: 0});
    const poor = createLeak({total: 40 * MB, free: () => 6 * MB - poor.state().affected});
    poor.start({kind: 'leak', bytesPerSecond: 10 * MB, limitBytes: 10 * MB});
    if (process.platform === 'linux')
      await expect.poll(() => poor.state().note).toBe('the machine has no more to give');
    expect(poor.state().affected).toBeLessThanOrEqual(2 * MB);
    poor.stop();
  });
});

it('leaves out orders that are not whole', async () => {
  await using running = spawnService(service.file);
  await running.url();
  const tell = (command: object): void => running.tell(command as never);
  tell({type: 'disturb', order: {kind: 'busy', share: 'all', periodMs: 5}, forMs: 10});
  tell({type: 'disturb', order: {kind: 'nap'}, forMs: 10});
  tell({type: 'disturb', order: {kind: 'busy', share: 1, periodMs: 5}});
  tell({type: 'count', kind: 'toString'});
  tell({type: 'count', kind: 'reorder'});
  expect(await counted(running, 1)).toEqual({
    type: 'counted',
    kind: 'reorder',
    inForce: false,
    seen: 0,
    affected: 0,
    note: 'it consumes no stream',
  });
});
