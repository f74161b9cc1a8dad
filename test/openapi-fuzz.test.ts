import {afterAll, beforeAll, expect, it} from 'vitest';
import {operationsOf} from '../src/checkers/openapi/document.ts';
import {requestsOf} from '../src/checkers/openapi/requests.ts';
import {createRandom} from '../src/random.ts';
import {fuzz, send} from './support/api-fuzz.ts';
import {type ApiSystem, startApiSystem} from './support/api-systems.ts';

/** The short look is test/openapi.test.ts; this one sends everything that can be generated. */
const SEEDS = [1];

let system: ApiSystem;

beforeAll(async () => {
  system = await startApiSystem();
});
afterAll(async () => system[Symbol.asyncDispose]());

it.each((['identity', 'stream', 'gateway'] as const).flatMap(service => SEEDS.map(seed => [service, seed] as const)))(
  '%s answers everything as described, and no bad input with a 5xx (seed %i)',
  async (service, seed) => {
    const document = await system.document(service);
    const {sent, findings} = await fuzz({
      url: system.urls[service],
      document,
      seed,
      // Some of them are long: streams of events, reads that wait for what nobody has written.
      valid: 2,
      caller: operation => system.caller(operation),
    });
    expect(findings).toEqual([]);
    expect(sent).toBeGreaterThan(500);
  },
);

it.each(['identity', 'stream'] as const)(
  '%s answers 503, never 500, while its database answers nothing',
  async service => {
    await using paused = await startApiSystem({cables: true});
    const operations = operationsOf(await paused.document(service)).filter(({path}) => path.startsWith('/v1/'));
    const callers = await Promise.all(operations.map(operation => paused.caller(operation)));
    paused.silenceDatabase(service);
    const answers = await Promise.all(
      operations.map(async (operation, index) => {
        const [request] = requestsOf(operation, {...callers[index], random: createRandom(1), valid: 1, spoiltMax: 0});
        return request === undefined ? undefined : send(paused.urls[service], request);
      }),
    );
    const statuses = operations.map(({id}, index) => `${id} ${answers[index]?.status}`);
    expect(statuses.filter(line => / (500|undefined)$/.test(line))).toEqual([]);
    expect(statuses.filter(line => / 503$/.test(line)).length).toBeGreaterThan(statuses.length / 2);
  },
);
