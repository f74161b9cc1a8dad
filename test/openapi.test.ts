import {Validator} from '@seriousme/openapi-schema-validator';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {lintDocument} from '../src/checkers/openapi/lint.ts';
import {fuzz} from './support/api-fuzz.ts';
import {type ApiSystem, startApiSystem} from './support/api-systems.ts';

let system: ApiSystem;

beforeAll(async () => {
  system = await startApiSystem();
});
afterAll(async () => system[Symbol.asyncDispose]());

describe.each(['identity', 'stream', 'gateway'] as const)('the OpenAPI document of %s', service => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const {valid, errors} = await new Validator().validate(await system.document(service));
    expect([valid, errors]).toEqual([true, undefined]);
  });

  it('lints clean', async () => {
    expect(lintDocument(await system.document(service))).toEqual([]);
  });

  it('is what the running service does with generated requests', async () => {
    const document = await system.document(service);
    const seed = 7;
    const {sent, findings} = await fuzz({
      url: system.urls[service],
      document,
      seed,
      valid: 2,
      spoiltMax: 6,
      caller: operation => system.caller(operation),
    });
    expect(findings).toEqual([]);
    expect(sent).toBeGreaterThan(100);
  });
});
