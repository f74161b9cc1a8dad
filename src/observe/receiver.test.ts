import {expect, it} from 'vitest';
import {BODY_BYTES_MAX, startReceiver} from './receiver.ts';

const headers = {authorization: 'Bearer t', 'content-type': 'application/json'};

it('takes bodies of who shows the token, tells what is wrong with others, and stays up', async () => {
  const taken: string[] = [];
  const receiver = await startReceiver({
    token: 't',
    take: async (signal, body) => {
      const text = new TextDecoder().decode(body);
      if (text === 'lost') throw new Error('nobody takes it');
      taken.push(`${signal} ${text}`);
      return text === 'bad' ? 'The body is bad.' : undefined;
    },
  });
  const post = async (path: string, init: RequestInit): Promise<number> =>
    (await fetch(`${receiver.endpoint}${path}`, {method: 'POST', headers, ...init})).status;
  try {
    expect(await post('/v1/traces', {body: '{}'})).toBe(200);
    expect(await post('/v1/metrics', {body: 'bad'})).toBe(400);
    expect(await post('/v1/traces', {body: 'lost'})).toBe(503);
    expect(await post('/v1/traces', {headers: {...headers, authorization: 'Bearer no'}, body: '{}'})).toBe(401);
    expect(await post('/v1/traces', {headers: {authorization: 'Bearer t'}, body: '{}'})).toBe(415);
    expect(await post('/v1/logs', {body: '{}'})).toBe(404);
    expect(await post('/v1/traces', {method: 'PUT', body: '{}'})).toBe(405);
    // Refused before it is read: the connection may be closed before the answer has been.
    const large = await post('/v1/traces', {body: new Uint8Array(BODY_BYTES_MAX + 1)}).catch(() => 413);
    expect(large).toBe(413);
    expect(await post('/v1/traces', {body: '[]'})).toBe(200);
    expect(taken).toEqual(['traces {}', 'metrics bad', 'traces []']);
  } finally {
    await receiver.close();
  }
});
