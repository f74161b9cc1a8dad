import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';
import {createFabric} from '../src/fabric/create-fabric.ts';
import type {Address} from '../src/topology/address.ts';
import {freePort, untilOpen} from './support/ports.ts';

/**
 * Links beside a plain Node pipe, haproxy and toxiproxy (those that are on the PATH), all in one run, in turns. The upstream and each
 * Node proxy have a thread of their own, as the fabric has in the lab; the client is this thread.
 */
const ROUNDS = 5;
const ROUND_MS = 700;
const CONNECTIONS = 32;
const BULK_BYTES = 256 * 1024 * 1024;
const HOST = '127.0.0.1';

const PING = Buffer.alloc(64, 'p');
const HTTP_REQUEST = Buffer.from(
  'GET /v1/accounts/1 HTTP/1.1\r\nhost: identity\r\naccept: application/json\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n',
);
const HTTP_ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 120\r\nconnection: keep-alive\r\n\r\n${'x'.repeat(120)}`,
);
const BULK_REQUEST = Buffer.from('BULK');

type Role =
  | {readonly role: 'upstream'}
  | {readonly role: 'pipe'; readonly upstream: Address}
  | {readonly role: 'fabric'; readonly upstream: Address; readonly latencyMs: number};

interface Subject {
  readonly name: string;
  /** Address for bytes, and for HTTP where that differs. */
  readonly tcp: Address;
  readonly http: Address;
  /** CPU time of the proxy's thread so far, ms; undefined where nobody counts it. */
  cpuMs?(): number | undefined;
  stop(): void;
}

async function main(): Promise<void> {
  const upstream = await startThread({role: 'upstream'});
  const direct: Subject = {name: 'direct', tcp: upstream.tcp, http: upstream.tcp, stop: () => upstream.stop()};
  const pipe = await startThread({role: 'pipe', upstream: upstream.tcp});
  const fabric = await startThread({role: 'fabric', upstream: upstream.tcp, latencyMs: 0});
  const others = [startHaproxy(upstream.tcp), startToxiproxy(upstream.tcp)];
  const peers = (await Promise.all(others)).filter(peer => peer !== undefined);
  const subjects = [direct, {...pipe, name: 'node pipe'}, {...fabric, name: 'fabric'}, ...peers];

  const measured = new Map(subjects.map(({name}) => [name, emptyFigures()]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const figures = measured.get(subject.name);
      if (figures !== undefined) await measure(subject, figures);
    }
  }
  print(new Map([...measured].map(([name, figures]) => [name, mapFigures(figures, median)])));
  await latencyError(upstream.tcp);
  for (const subject of subjects) subject.stop();
}

type Key = 'p50Us' | 'pings' | 'pingCpuUs' | 'http' | 'httpCpuUs' | 'bulk' | 'bulkCpuMs';
type Figures<T> = Record<Key, T>;

function emptyFigures(): Figures<number[]> {
  return {p50Us: [], pings: [], pingCpuUs: [], http: [], httpCpuUs: [], bulk: [], bulkCpuMs: []};
}

function mapFigures<A, B>(figures: Figures<A>, map: (value: A) => B): Figures<B> {
  const {p50Us, pings, pingCpuUs, http, httpCpuUs, bulk, bulkCpuMs} = figures;
  return {
    p50Us: map(p50Us),
    pings: map(pings),
    pingCpuUs: map(pingCpuUs),
    http: map(http),
    httpCpuUs: map(httpCpuUs),
    bulk: map(bulk),
    bulkCpuMs: map(bulkCpuMs),
  };
}

async function measure({tcp, http, cpuMs}: Subject, figures: Figures<number[]>): Promise<void> {
  const cpu = (): number => cpuMs?.() ?? Number.NaN;
  figures.p50Us.push(median((await pingPong(tcp, PING, 1)).times) * 1000);
  for (const [address, request, rates, cpus] of [
    [tcp, PING, figures.pings, figures.pingCpuUs],
    [http, HTTP_REQUEST, figures.http, figures.httpCpuUs],
  ] as const) {
    const before = cpu();
    const {perSecond, times} = await pingPong(address, request, CONNECTIONS);
    rates.push(perSecond);
    cpus.push(((cpu() - before) / times.length) * 1000);
  }
  const before = cpu();
  figures.bulk.push(await bulk(tcp));
  figures.bulkCpuMs.push(((cpu() - before) / BULK_BYTES) * 100_000_000);
}

/** CPU times are those of the proxy's thread alone: they stay comparable on a busy machine. */
function print(all: ReadonlyMap<string, Figures<number>>): void {
  const direct = all.get('direct');
  const ours = all.get('fabric');
  const columns = [
    'ping-pong/s',
    '(CPU us)',
    'HTTP req/s',
    '(CPU us)',
    'bulk MB/s',
    '(CPU ms/100MB)',
    'added p50 us',
    'fabric : this',
  ];
  console.log(['subject'.padEnd(12), ...columns.map(column => column.padStart(14))].join(' '));
  for (const [name, figures] of all) {
    const cells = [
      figures.pings.toFixed(0),
      figures.pingCpuUs.toFixed(1),
      figures.http.toFixed(0),
      figures.httpCpuUs.toFixed(1),
      figures.bulk.toFixed(0),
      figures.bulkCpuMs.toFixed(0),
      (figures.p50Us - (direct?.p50Us ?? 0)).toFixed(1),
      (['pings', 'http', 'bulk'] as const).map(key => ((ours?.[key] ?? 0) / figures[key]).toFixed(2)).join(' '),
    ];
    console.log([name.padEnd(12), ...cells.map(cell => cell.padStart(14))].join(' '));
  }
}

/** One request under way on each connection, for a while. */
async function pingPong(
  address: Address,
  request: Buffer,
  connections: number,
): Promise<{readonly perSecond: number; readonly times: number[]}> {
  const expected = request === PING ? PING.length : HTTP_ANSWER.length;
  const sockets = await Promise.all(Array.from({length: connections}, () => open(address)));
  const times: number[] = [];
  const startedAt = performance.now();
  let over = false;
  await Promise.all(
    sockets.map(
      socket =>
        new Promise<void>(resolve => {
          let sentAt = performance.now();
          let got = 0;
          socket.on('data', bytes => {
            got += bytes.length;
            if (got < expected) return;
            got = 0;
            const now = performance.now();
            times.push(now - sentAt);
            if (over) return resolve();
            over = now - startedAt > ROUND_MS;
            sentAt = now;
            socket.write(request);
          });
          socket.write(request);
        }),
    ),
  );
  const perSecond = (times.length / (performance.now() - startedAt)) * 1000;
  for (const socket of sockets) socket.destroy();
  return {perSecond, times};
}

async function bulk(address: Address): Promise<number> {
  const socket = await open(address);
  const startedAt = performance.now();
  let got = 0;
  await new Promise<void>(resolve => {
    socket.on('data', bytes => {
      got += bytes.length;
      if (got >= BULK_BYTES) resolve();
    });
    socket.write(BULK_REQUEST);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  socket.destroy();
  return got / 1_000_000 / seconds;
}

/** How far a latency toxic of 50 ms is off at 100 connections that send now and then; the same path without it is taken off. */
async function latencyError(upstream: Address): Promise<void> {
  const latencyMs = 50;
  const path = median(await sparseRoundTrips(upstream, 0));
  const errors = (await sparseRoundTrips(upstream, latencyMs))
    .map(time => time - latencyMs - path)
    .sort((a, b) => a - b);
  const at = (share: number): string => (errors[Math.floor(errors.length * share)] ?? 0).toFixed(2);
  console.log(
    `latency toxic of ${latencyMs} ms at 100 connections: p50 error ${at(0.5)} ms, p99 error ${at(0.99)} ms (path without it: p50 ${path.toFixed(2)} ms)`,
  );
}

async function sparseRoundTrips(upstream: Address, latencyMs: number): Promise<number[]> {
  const subject = await startThread({role: 'fabric', upstream, latencyMs});
  const sockets = await Promise.all(Array.from({length: 100}, () => open(subject.tcp)));
  const times: number[] = [];
  await Promise.all(
    sockets.map(async (socket, index) => {
      await new Promise(resolve => setTimeout(resolve, index));
      for (let count = 0; count < 30; count++) {
        const sentAt = performance.now();
        socket.write(PING);
        await once(socket, 'data');
        times.push(performance.now() - sentAt);
        await new Promise(resolve => setTimeout(resolve, 100 - latencyMs));
      }
    }),
  );
  for (const socket of sockets) socket.destroy();
  subject.stop();
  return times;
}

async function open({host, port}: Address): Promise<Socket> {
  const socket = connect({host, port, noDelay: true});
  await once(socket, 'connect');
  return socket;
}

async function startThread(role: Role): Promise<Subject> {
  const worker = new Worker(fileURLToPath(import.meta.url), {workerData: role});
  const [{thread, ...addresses}] = (await once(worker, 'message')) as [
    {tcp: Address; http: Address; thread: string | undefined},
  ];
  return {name: role.role, ...addresses, cpuMs: () => threadCpuMs(thread), stop: () => worker.terminate()};
}

async function serveRole(role: Role): Promise<void> {
  if (role.role === 'fabric') {
    const fabric = createFabric();
    const spec = {link: 'a->b', from: 'a', to: 'b', upstream: role.upstream};
    const [tcp, http] = await fabric.open([
      {...spec, name: 'tcp', protocol: 'postgres'},
      {...spec, name: 'http', protocol: 'http'},
    ]);
    if (role.latencyMs > 0) {
      await fabric.change({
        add: [
          {
            id: 'l',
            kind: 'latency',
            proxies: ['tcp'],
            stream: 'upstream',
            toxicity: 1,
            seed: 1,
            attributes: {latency: role.latencyMs},
          },
        ],
      });
    }
    parentPort?.postMessage({tcp: tcp?.address, http: http?.address, thread: ownThread()});
    return;
  }
  const server = createServer(
    {noDelay: true},
    role.role === 'upstream' ? answer : socket => pipeTo(socket, role.upstream),
  );
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = {host: HOST, port: (server.address() as {port: number}).port};
  parentPort?.postMessage({tcp: address, http: address, thread: ownThread()});
}

/** `<pid>/task/<tid>`, on Linux. */
function ownThread(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return undefined;
  }
}

function threadCpuMs(thread: string | undefined): number | undefined {
  if (thread === undefined) return undefined;
  return Number(readFileSync(`/proc/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1_000_000;
}

function answer(socket: Socket): void {
  const block = Buffer.alloc(256 * 1024, 'b');
  socket.on('error', () => {});
  socket.on('data', bytes => {
    if (bytes[0] === PING[0]) socket.write(bytes);
    else if (bytes[0] === HTTP_REQUEST[0]) socket.write(HTTP_ANSWER);
    else {
      let left = BULK_BYTES;
      const pump = (): void => {
        while (left > 0) {
          left -= block.length;
          if (!socket.write(block)) break;
        }
      };
      socket.on('drain', pump);
      pump();
    }
  });
}

function pipeTo(socket: Socket, upstream: Address): void {
  const other = connect({...upstream, noDelay: true});
  socket.on('error', () => other.destroy());
  other.on('error', () => socket.destroy());
  socket.pipe(other);
  other.pipe(socket);
}

async function startHaproxy(upstream: Address): Promise<Subject | undefined> {
  if (!isInstalled('haproxy', '-v')) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'teralab-bench-'));
  const address = {host: HOST, port: await freePort()};
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(
    config,
    `global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\nlisten l\n  bind ${HOST}:${address.port}\n  server s ${upstream.host}:${upstream.port}\n`,
  );
  const child = spawn('haproxy', ['-f', config, '-db'], {stdio: 'ignore'});
  await untilOpen(address);
  return {
    name: 'haproxy',
    tcp: address,
    http: address,
    stop: () => {
      child.kill('SIGKILL');
      rmSync(folder, {recursive: true});
    },
  };
}

async function startToxiproxy(upstream: Address): Promise<Subject | undefined> {
  if (!isInstalled('toxiproxy-server', '-version')) return undefined;
  const [api, listen] = [await freePort(), await freePort()];
  const child = spawn('toxiproxy-server', ['-host', HOST, '-port', `${api}`], {stdio: 'ignore'});
  await untilOpen({host: HOST, port: api});
  const body = JSON.stringify({name: 'p', listen: `${HOST}:${listen}`, upstream: `${upstream.host}:${upstream.port}`});
  await fetch(`http://${HOST}:${api}/proxies`, {method: 'POST', body});
  const address = {host: HOST, port: listen};
  return {name: 'toxiproxy', tcp: address, http: address, stop: () => child.kill('SIGKILL')};
}

function isInstalled(command: string, ask: string): boolean {
  const found = spawnSync(command, [ask], {stdio: 'ignore'}).error === undefined;
  if (!found) console.log(`skipped: ${command} is not on the PATH`);
  return found;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

if (isMainThread) await main();
else await serveRole(workerData as Role);
