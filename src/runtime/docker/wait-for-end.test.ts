import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openEngine, statusOf} from './engine.ts';
import {waitForEnd} from './wait-for-end.ts';

describe('waiting for the end of a container', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-wait-'));
  });
  afterEach(() => rm(folder, {recursive: true, force: true}));

  it('tells the exit code', async () => {
    expect(await waitWith(answer => answer.end('{"StatusCode":137}'))).toBe(137);
  });

  it('tells what the engine refused', async () => {
    const refused = waitWith(answer => answer.writeHead(404).end('{"message":"No such container: c0ffee"}'));
    expect(statusOf(await refused.catch((error: unknown) => error))).toBe(404);
  });

  it('ends with an error when the engine dies after it has begun to answer', async () => {
    const cutOff = waitWith(answer => {
      answer.flushHeaders();
      answer.write('', () => answer.destroy());
    });
    await expect(cutOff).rejects.toThrow();
  });

  async function waitWith(answerWait: (answer: ServerResponse) => void): Promise<number> {
    const host = join(folder, 'docker.sock');
    const server = createServer(({url}, answer) => {
      if (url?.endsWith('/containers/c0ffee/wait')) answerWait(answer);
      else answer.setHeader('content-type', 'application/json').end('{"ApiVersion":"1.41"}');
    });
    await new Promise<void>(resolve => server.listen(host, resolve));
    try {
      return await waitForEnd(await openEngine({host: `unix://${host}`, source: 'a test'}), 'c0ffee');
    } finally {
      server.close();
    }
  }
});
