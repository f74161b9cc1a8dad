import {type ChildProcess, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {stewardProgram} from '../testing/image-context.ts';
import {openMachineEngine} from './machine-engine.ts';

const key = randomBytes(32);
const folder = mkdtempSync(join(tmpdir(), 'teralab-steward-'));
const socket = join(folder, 'engine.sock');
let engine: Server;
let steward: ChildProcess;
let port: number;
/** What the engine was asked. */
const asked: string[] = [];

beforeAll(async () => {
  engine = createServer((request, reply) => {
    asked.push(request.url ?? '');
    // The end of what never answers is told by the connection.
    if (request.url !== '/version') return;
    reply.setHeader('content-type', 'application/json');
    reply.end('{"Version":"fake"}');
  });
  engine.listen(socket);
  writeFileSync(join(folder, 'steward.mjs'), await stewardProgram());
  steward = spawn(process.execPath, [join(folder, 'steward.mjs')], {
    env: {...process.env, STEWARD_KEY: key.toString('hex'), STEWARD_PORT: '0', STEWARD_SOCKET: socket},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(steward.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  port = Number(/listening on (\d+)/.exec(line.toString())?.[1]);
});
afterAll(() => {
  steward.kill('SIGKILL');
  engine.closeAllConnections();
  engine.close();
  rmSync(folder, {recursive: true, force: true});
});

async function open(): Promise<Duplex> {
  const raw = connect({host: '127.0.0.1', port});
  await once(raw, 'connect');
  return raw;
}

describe("a machine's engine", () => {
  it('answers through the steward who knows the key', async () => {
    const machine = openMachineEngine(open, key);
    await expect(machine.engine.version()).resolves.toMatchObject({Version: 'fake'});
    machine.close();
  });

  it('is not asked anything by who does not', async () => {
    asked.length = 0;
    const stranger = openMachineEngine(open, randomBytes(32));
    await expect(stranger.engine.version()).rejects.toThrow();
    const plain = await open();
    plain.on('error', () => undefined);
    plain.write('GET /version HTTP/1.1\r\nHost: engine\r\n\r\n');
    plain.resume();
    await once(plain, 'close');
    expect(asked).toEqual([]);
  });

  it('leaves no question open when its machine is given up', async () => {
    const machine = openMachineEngine(open, key);
    asked.length = 0;
    const waiting = machine.engine.getContainer('some').wait();
    waiting.catch(() => undefined);
    await expect.poll(() => asked.length).toBe(1);
    machine.close();
    await expect(waiting).rejects.toMatchObject({code: 'ECONNRESET'});
  });
});
