import {mkdtemp, rm} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {openEngine} from './engine.ts';
import {removeAll} from './remove-session.ts';

it('says that the engine is gone when it goes before it is asked what a session has left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-remove-'));
  try {
    const host = join(folder, 'docker.sock');
    const server = createServer((_, answer) =>
      answer.setHeader('content-type', 'application/json').end('{"ApiVersion":"1.41"}'),
    );
    await new Promise<void>(resolve => server.listen(host, resolve));
    const engine = await openEngine({host: `unix://${host}`, source: 'a test'});
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    await expect(removeAll(engine, 'c0ffee')).rejects.toMatchObject({code: 'ENGINE_MISSING'});
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
});
