import {connect} from 'node:net';
import {Client} from 'pg';
import type {PostgresAccess} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';

/** `HTTP/1.1 200 ` is all that is read of an answer. */
const STATUS_LINE_LENGTH = 13;

/**
 * Status of `GET path`, or undefined when no answer came within the time (ms). Past the fabric: probes are not traffic. Each is a
 * connection of its own, written by hand: there are many of them, and Node's client costs several times as much.
 */
export async function probeHttp(address: Address, path: string, timeoutMs: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const {host, port} = address;
    const socket = connect({host, port, noDelay: true});
    let head = '';
    const finish = (status: number | undefined): void => {
      clearTimeout(timer);
      resolve(status);
      socket.destroy();
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.setEncoding('latin1');
    socket.on('data', chunk => {
      if (head.length < STATUS_LINE_LENGTH) head += String(chunk);
    });
    // The whole answer: a status line alone is none.
    socket.once('end', () => {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
      finish(status === undefined ? undefined : Number(status));
    });
    socket.once('error', () => finish(undefined));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`);
  });
}

/** Whether a Postgres answers a query within the time (ms). */
export async function probePostgres(access: PostgresAccess, timeoutMs: number): Promise<boolean> {
  const client = new Client({
    host: access.address.host,
    port: access.address.port,
    user: access.user,
    password: access.password,
    database: access.database,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'teralab-probe',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
