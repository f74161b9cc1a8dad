import {existsSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {LabError} from '../errors.ts';
import {onMessages, sendMessage} from '../wire.ts';
import {type ControllerClient, connectController} from './connection.ts';
import {type ControllerServer, type Handlers, serve} from './server.ts';

const WITHIN_MS = 5_000;
const TOKEN = 'of-the-lock-file';

describe('a client and a controller', () => {
  let folder: string;
  let socket: string;
  let server: ControllerServer;
  let internal: unknown[];
  let lastLeft: Promise<void>;
  let clients: ControllerClient[];

  const start = async (handlers: Partial<Handlers> = {}): Promise<void> => {
    const missing = async (): Promise<never> => {
      throw new LabError('NOT_RUNNING', 'This one does not.');
    };
    const none = Object.fromEntries(
      ['up', 'down', 'status', 'watch', 'check', 'break', 'chaos.inject', 'chaos.list', 'chaos.clear', 'load'].map(
        name => [name, missing],
      ),
    );
    lastLeft = new Promise(resolve => {
      void serve(
        socket,
        TOKEN,
        {
          ...none,
          hello: async () => ({session: 's', version: '0', pid: process.pid, workspace: folder}),
          ...handlers,
        } as Handlers,
        {onInternalError: error => void internal.push(error), onLastClient: resolve},
      ).then(started => {
        server = started;
        ready();
      });
    });
    await listening;
  };
  let ready = (): void => undefined;
  let listening: Promise<void>;
  const enter = async (): Promise<ControllerClient> => {
    const client = await connectController(socket, folder, WITHIN_MS, async () => TOKEN);
    if (typeof client === 'string') throw new Error(client);
    clients.push(client);
    return client;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teralab-wire-'));
    socket = join(folder, 'c.sock');
    internal = [];
    clients = [];
    listening = new Promise(resolve => {
      ready = resolve;
    });
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await server?.close();
    rmSync(folder, {recursive: true, force: true});
  });

  it('say hello over a socket that is the owner’s alone', async () => {
    await start();
    const client = await enter();
    expect(client.session).toBe('s');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(server.clients()).toBe(1);
  });

  it('pass parameters, events and results, of several calls at once', async () => {
    await start({
      load: async ({ratePerSecond}, emit) => {
        emit({type: 'summary', summary: {ratePerSecond} as never});
        return {ratePerSecond} as never;
      },
    });
    const client = await enter();
    const events: unknown[] = [];
    const results = await Promise.all(
      [1, 2, 3].map(async ratePerSecond =>
        client.call('load', {ratePerSecond, durationMs: 1, profile: 'x'}, event => events.push(event)),
      ),
    );
    expect(results).toEqual([1, 2, 3].map(ratePerSecond => ({ratePerSecond})));
    expect(events).toHaveLength(3);
  });

  it('pass errors with their code, and report what is no error of the user', async () => {
    const bug = new TypeError('undefined is not a function');
    await start({
      up: async () => {
        throw bug;
      },
    });
    const client = await enter();
    await expect(client.call('status', {})).rejects.toMatchObject({code: 'NOT_RUNNING', message: 'This one does not.'});
    expect(internal).toEqual([]);
    await expect(client.call('up', {})).rejects.toMatchObject({code: 'INTERNAL', message: bug.message});
    expect(internal).toEqual([bug]);
    await expect(client.call('toString' as 'status', {})).rejects.toMatchObject({code: 'USAGE'});
  });

  it('part: what a client has under way is aborted, and the last one to leave is noticed', async () => {
    let aborted: unknown;
    let begun = (): void => undefined;
    const began = new Promise<void>(resolve => {
      begun = resolve;
    });
    await start({
      watch: async (_, __, signal) =>
        new Promise(resolve => {
          begun();
          signal.addEventListener('abort', () => {
            aborted = signal.reason;
            resolve(null);
          });
        }),
    });
    const client = await enter();
    const call = client.call('watch', {});
    await began;
    client.close();
    await expect(call).rejects.toMatchObject({code: 'CONTROLLER_LOST'});
    await lastLeft;
    expect(aborted).toMatchObject({code: 'INTERRUPTED'});
    await expect(client.call('status', {})).rejects.toMatchObject({code: 'CONTROLLER_LOST'});
  });

  it('part at once when the caller aborts', async () => {
    await start({watch: async () => new Promise(() => undefined)});
    const client = await enter();
    const abort = new AbortController();
    const call = client.call('watch', {}, undefined, abort.signal);
    abort.abort(new LabError('INTERRUPTED', 'Enough.'));
    await expect(call).rejects.toMatchObject({code: 'INTERRUPTED', message: 'Enough.'});
    await lastLeft;
  });

  it('do not take the controller of another workspace for theirs', async () => {
    await start();
    await expect(connectController(socket, join(folder, 'other'), WITHIN_MS, async () => TOKEN)).rejects.toMatchObject({
      code: 'SOCKET_NOT_OURS',
    });
  });

  it('do not speak to each other without the token, whatever is asked for', async () => {
    let cleared = false;
    await start({
      'chaos.clear': async () => {
        cleared = true;
        return [];
      },
    });
    expect(await connectController(socket, folder, WITHIN_MS, async () => '')).toBe('nobody');
    for (const params of [{}, {token: 'guessed'}, {token: [TOKEN]}]) {
      const raw = connect(socket);
      const answers: unknown[] = [];
      onMessages(raw, message => answers.push(message));
      sendMessage(raw, {id: 1, method: 'hello', params});
      sendMessage(raw, {id: 2, method: 'chaos.clear', params: {}});
      await new Promise(resolve => raw.once('close', resolve));
      expect(answers[0]).toMatchObject({id: 1, error: {code: 'NOT_ALLOWED'}});
    }
    expect(cleared).toBe(false);
  });

  it('tell nobody from somebody who says nothing', async () => {
    expect(await connectController(socket, folder, WITHIN_MS, async () => TOKEN)).toBe('nobody');
    const mute = createServer(peer => peer.resume()).listen(socket);
    await new Promise(resolve => mute.once('listening', resolve));
    expect(await connectController(socket, folder, 50, async () => TOKEN)).toBe('silent');
    await new Promise(resolve => mute.close(resolve));
  });

  it('leave no socket behind, and replace one that was left', async () => {
    await start();
    await server.close();
    expect(existsSync(socket)).toBe(false);
  });
});
