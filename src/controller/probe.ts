import {connect} from 'node:net';
import {Client} from 'pg';
import type {BrokerAccess, PostgresAccess} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';

/** Nothing that is asked here answers with as much as this. */
const ANSWERS_LENGTH_MAX = 65_536;

/**
 * Status of `GET` for each of the paths, or undefined where no answer came within the time (ms). Past the fabric: probes are not traffic.
 * All go over one new connection, at once, written by hand: idle systems do little else, and Node's client costs several times as much.
 */
export async function probeHttp(
  address: Address,
  paths: readonly string[],
  timeoutMs: number,
): Promise<readonly (number | undefined)[]> {
  return new Promise(resolve => {
    const {host, port} = address;
    const socket = connect(host.startsWith('/') ? {path: host} : {host, port, noDelay: true});
    let answers = '';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      // Answers come in the order of the requests.
      const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      resolve(paths.map((_, index) => statuses[index]));
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.setEncoding('latin1');
    socket.on('data', chunk => {
      if (answers.length < ANSWERS_LENGTH_MAX) answers += String(chunk);
    });
    socket.once('end', finish);
    socket.once('error', finish);
    socket.write(
      paths
        .map((path, index) =>
          requestText(host.startsWith('/') ? 'localhost' : `${host}:${port}`, path, index === paths.length - 1),
        )
        .join(''),
    );
  });
}

function requestText(host: string, path: string, isLast: boolean): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`;
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

/** Whether a broker answers within the time (ms), to the user that services have. */
export async function probeBroker({engine, ...access}: BrokerAccess, timeoutMs: number): Promise<boolean> {
  if (engine === 'nats') return probeNats(access, timeoutMs);
  return probePostgres({...access, database: access.database ?? access.user}, timeoutMs);
}

/** Written by hand, like the others: the library would open a connection that reconnects. */
async function probeNats(
  {address: {host, port}, user, password}: Omit<BrokerAccess, 'engine'>,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({host, port, noDelay: true});
    let answers = '';
    const finish = (isReady: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isReady);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', chunk => {
      const hasGreeted = answers !== '';
      if (answers.length < ANSWERS_LENGTH_MAX) answers += String(chunk);
      const greeting = {
        verbose: false,
        pedantic: false,
        tls_required: false,
        name: 'teralab-probe',
        lang: 'node',
        version: '0',
      };
      if (!hasGreeted) socket.write(`CONNECT ${JSON.stringify({...greeting, user, pass: password})}\r\nPING\r\n`);
      if (/^PONG\r$/m.test(answers)) finish(true);
      else if (/^-ERR/m.test(answers)) finish(false);
    });
    socket.once('end', () => finish(false));
    socket.once('error', () => finish(false));
  });
}
