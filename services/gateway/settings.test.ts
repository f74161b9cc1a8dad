import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {createPostgresKeyValue} from '../kit/key-value-postgres.ts';
import {SETTINGS_SPACE, settingsKey} from '../kit/settings/document.ts';
import {createSystemClock} from '../kit/system-clock.ts';
import {startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres} from '../kit/testing/postgres.ts';
import {startUpstream} from '../kit/testing/upstream.ts';
import {gateway} from './gateway.ts';
import {parseSettings} from './settings.ts';

const DEFAULTS = {limit: {ratePerSecond: 10, burst: 20}};

it('reads what is set, and leaves the rest as it was', () => {
  expect(parseSettings({limit: {burst: 5}}, DEFAULTS)).toEqual({limit: {ratePerSecond: 10, burst: 5}});
  expect(parseSettings({upstreamWithinMs: 300}, DEFAULTS)).toEqual({...DEFAULTS, upstreamWithinMs: 300});
});

it.each([
  [null, 'the settings must be an object'],
  [[], 'the settings must be an object'],
  [{limits: {}}, 'the settings must have no limits; there are limit, upstreamWithinMs, split'],
  [{limit: 5}, 'limit must be an object'],
  [{limit: {burst: '5'}}, 'burst must be a number from 1 to 1000000'],
  [{split: []}, 'split must be an object'],
  [{split: {identity: {release: '', share: 0.1}}}, 'split.identity.release must be a name'],
  [{split: {identity: {release: 'v2', share: 2}}}, 'share must be a number from 0 to 1'],
  [{upstreamWithinMs: 0}, 'upstreamWithinMs must be a number from 1 to 60000'],
])('refuses %j', (raw, message) => {
  expect(() => parseSettings(raw, DEFAULTS)).toThrow(message);
});

it('goes over to other settings while it runs, and starts with them without the broker', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-settings-'));
  await using postgres = await startTestPostgres();
  await using stream = await startUpstream('stream-1');
  const log = {debug() {}, info() {}, warn() {}, error() {}};
  const space = createPostgresKeyValue({url: postgres.url, space: SETTINGS_SPACE, clock: createSystemClock(), log});
  const environment = {LINKS: JSON.stringify({stream: [stream.instance]}), SETTINGS_FOLDER: folder};
  const burstOf = async (url: string, client: string): Promise<number> => {
    const ask = async () => (await fetch(`${url}/v1/windows`, {headers: {'x-client-id': client}})).status;
    return (await Promise.all([1, 2, 3, 4].map(ask))).filter(status => status === 200).length;
  };
  {
    await using front = await startInProcess(gateway, {...environment, BROKER_URL: postgres.url});
    expect(await burstOf(front.url, 'a')).toBe(4);
    await space.put(settingsKey('gateway'), {version: 1, settings: {limit: {ratePerSecond: 0.01, burst: 2}}});
    let clients = 0;
    const burstOfAnother = (): Promise<number> => {
      clients += 1;
      return burstOf(front.url, `b-${clients}`);
    };
    await expect.poll(burstOfAnother, {timeout: 30_000, interval: 100}).toBe(2);
    await space.close();
  }
  await using again = await startInProcess(gateway, {...environment, BROKER_URL: 'postgres://nobody@127.0.0.1:1/none'});
  expect(await burstOf(again.url, 'b')).toBe(2);
  await rm(folder, {recursive: true});
});
