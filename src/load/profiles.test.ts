import {describe, expect, it} from 'vitest';
import {createRandom} from '../random.ts';
import {prepareProfile, type SetUpRequest} from './profiles.ts';

describe('a load profile', () => {
  it('opens accounts, signs them in and acts for them', async () => {
    const {http, asked} = recordingHttp();
    const factory = await prepareProfile('mixed', {http, random: createRandom(7)});
    const operations = factory(Array.from({length: 200}, (_, index) => index * 5));
    expect(asked.filter(line => line === 'POST /v1/accounts')).toHaveLength(5);
    expect(asked.filter(line => line === 'POST /v1/sessions')).toHaveLength(5);
    expect(new Set(operations.map(({name}) => name))).toEqual(new Set(['register', 'sign-in', 'dashboard', 'report']));
    expect(new Set(operations.map(({id}) => id)).size).toBe(200);
    const page = operations.find(({name}) => name === 'dashboard');
    expect(page?.request.headers?.authorization).toMatch(/^Bearer token-/);
  });

  it('is the same for the same seed', async () => {
    const draw = async () =>
      (await prepareProfile('writes', {http: recordingHttp().http, random: createRandom(3)}))([0, 10, 20]);
    expect(await draw()).toEqual(await draw());
  });

  it('is refused by name when there is no such one', async () => {
    const {http} = recordingHttp();
    const preparing = prepareProfile('raeds', {http, random: createRandom(1)});
    await expect(preparing).rejects.toMatchObject({
      code: 'BAD_VALUE',
      message: expect.stringContaining('Did you mean "reads"?'),
    });
  });

  it('says what could not be set up', async () => {
    const http: SetUpRequest = async () => ({status: 503, body: {title: 'no'}});
    await expect(prepareProfile('reads', {http, random: createRandom(1)})).rejects.toThrow(
      /open an account: the gateway answered 503/,
    );
  });
});

function recordingHttp(): {http: SetUpRequest; asked: string[]} {
  const asked: string[] = [];
  const http: SetUpRequest = async (method, path) => {
    asked.push(`${method} ${path}`);
    return {
      status: 201,
      body: path.endsWith('accounts') ? {id: `account-${asked.length}`} : {token: `token-${asked.length}`},
    };
  };
  return {http, asked};
}
