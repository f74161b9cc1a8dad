import {get} from 'node:http';
import {Client} from 'pg';
import type {PostgresAccess} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';

/** Status of `GET path`, or undefined when no answer came within the time (ms). Past the fabric: probes are not traffic. */
export async function probeHttp(address: Address, path: string, timeoutMs: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const request = get(
      {host: address.host, port: address.port, path, agent: false, headers: {connection: 'close'}},
      response => {
        response.resume();
        response.once('close', () => {
          clearTimeout(timer);
          resolve(response.statusCode);
        });
      },
    );
    const timer = setTimeout(() => {
      request.destroy();
      resolve(undefined);
    }, timeoutMs);
    request.once('error', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
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
