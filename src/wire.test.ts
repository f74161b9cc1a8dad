import {once} from 'node:events';
import {rmSync} from 'node:fs';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {onMessages, sendMessage} from './wire.ts';

describe('messages over a socket', () => {
  const path = join(tmpdir(), `teralab-wire-${process.pid}.sock`);
  let server: Server;
  let writer: Socket;
  let reader: Socket;
  let heard: object[];

  beforeEach(async () => {
    heard = [];
    server = createServer().listen(path);
    await once(server, 'listening');
    writer = connect(path);
    [reader] = (await once(server, 'connection')) as [Socket];
    reader.on('error', () => undefined);
    writer.on('error', () => undefined);
    onMessages<object>(reader, message => void heard.push(message));
  });
  afterEach(() => {
    writer.destroy();
    reader.destroy();
    server.close();
    rmSync(path, {force: true});
  });

  const ended = async (): Promise<void> => {
    writer.end();
    if (!reader.closed) await once(reader, 'close');
  };

  it('arrive whole and in order, however they are cut', async () => {
    const sent = Array.from({length: 50}, (_, id) => ({id, text: 'zwölf Boxkämpfer 🥊'.repeat(id)}));
    const bytes = Buffer.from(sent.map(message => `${JSON.stringify(message)}\n`).join(''));
    for (let start = 0; start < bytes.length; start += 97) {
      writer.write(bytes.subarray(start, start + 97));
      await new Promise(resolve => setImmediate(resolve));
    }
    await ended();
    expect(heard).toEqual(sent);
  });

  it('are sent one a line', async () => {
    sendMessage(writer, {id: 1, text: 'two\nlines'});
    sendMessage(writer, {id: 2});
    await ended();
    expect(heard).toEqual([{id: 1, text: 'two\nlines'}, {id: 2}]);
  });

  it.each(['no JSON', '42', 'null', '"text"', ''])('cut off a peer that says %j', async nonsense => {
    writer.write(`{"id":1}\n${nonsense}\n{"id":2}\n`);
    await once(reader, 'close');
    expect(heard).toEqual([{id: 1}]);
  });

  it('to a peer that has gone are dropped', async () => {
    writer.destroy();
    await once(reader, 'close');
    expect(() => sendMessage(reader, {id: 1})).not.toThrow();
  });
});
