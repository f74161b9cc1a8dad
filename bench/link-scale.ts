import {type ChildProcess, fork, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {createFabric} from '../src/fabric/create-fabric.ts';
import type {Address} from '../src/topology/address.ts';
import {freePort, untilOpen} from './support/ports.ts';
import {type Figure, median, option, printFigures} from './support/report.ts';

/**
 * What a link and a connection cost as they grow: the fabric beside haproxy (TCP mode, one thread) and a plain Node pipe, each in a process of
 * its own, in one run. Options: `--links` (100), `--connections` (5000), `--json`.
 */
const HOST = '127.0.0.1';
const LINKS = option('links', 100);
const CONNECTIONS = option('connections', 5000);
const OPEN_AT_ONCE = 100;
const PINGS = 2000;
const ACTIVE = 500;
const CHANGES = 10;
const PING = Buffer.alloc(64, 'p');

type Role = 'upstream' | 'pipe' | 'fabric';

interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly addresses: readonly Address[];
  /** Frees what is garbage, so that memory is what is in use. */
  settle(): Promise<void>;
  /** Adds a latency toxic of 0 ms to all links and removes it again; ms that each of the two took. */
  readonly change?: () => Promise<readonly number[]>;
  stop(): void;
}

interface Measured {
  readonly linkKb: number;
  readonly connectionKb: number;
  readonly dropped: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
  readonly changes: readonly number[];
}

async function main(): Promise<void> {
  const upstream = await startNode('upstream', 1);
  const [address] = upstream.addresses;
  if (address === undefined) throw new Error('the upstream did not start');
  const measured = new Map<string, Measured>();
  for (const start of [
    (links: number) => startNode('fabric', links, address),
    (links: number) => startNode('pipe', links, address),
    (links: number) => startHaproxy(links, address),
  ]) {
    const one = await start(1);
    if (one === undefined) continue;
    await one.settle();
    const oneKb = pssKb(one.pid);
    one.stop();
    const subject = await start(LINKS);
    if (subject === undefined) continue;
    process.stderr.write(`measuring ${subject.name}\n`);
    measured.set(subject.name, await measure(subject, oneKb));
    subject.stop();
  }
  upstream.stop();
  printFigures(`${LINKS} links, ${CONNECTIONS} connections`, figures(measured));
}

function figures(measured: ReadonlyMap<string, Measured>): Figure[] {
  const ours = measured.get('fabric');
  return [...measured].flatMap(([name, its]) => [
    {
      what: `${name}: memory per link`,
      value: its.linkKb / 1024,
      unit: 'MB' as const,
      detail: `${its.linkKb.toFixed(1)} KB (PSS)`,
    },
    {
      what: `${name}: memory per connection`,
      value: its.connectionKb / 1024,
      unit: 'MB' as const,
      detail: `${its.connectionKb.toFixed(1)} KB (PSS); fabric : this ${ratio(ours?.connectionKb, its.connectionKb)}`,
    },
    {
      what: `${name}: round trips, ${ACTIVE} at a time over all connections`,
      value: its.perSecond / (ours?.perSecond ?? Number.NaN),
      unit: 'x' as const,
      detail: `${its.perSecond.toFixed(0)}/s; ${its.dropped} connections dropped; alone p50 ${its.p50Us.toFixed(0)} us, p99 ${its.p99Us.toFixed(0)} us`,
    },
    ...(its.changes.length === 0
      ? []
      : [
          {
            what: `${name}: slowest change of a toxic on all links under that traffic, of 50 ms`,
            value: Math.max(...its.changes) / 50,
            bound: 1,
            unit: 'x' as const,
            detail: `p50 ${median(its.changes).toFixed(1)} ms, max ${Math.max(...its.changes).toFixed(1)} ms, ${its.changes.length} changes`,
          },
        ]),
  ]);
}

function ratio(ours: number | undefined, its: number): string {
  return ours === undefined ? '-' : (ours / its).toFixed(2);
}

async function measure(subject: Subject, oneLinkKb: number): Promise<Measured> {
  await subject.settle();
  const emptyKb = pssKb(subject.pid);
  const sockets = await openAll(subject.addresses);
  let dropped = 0;
  for (const socket of sockets) socket.on('close', () => dropped++);
  // Each has to have carried something: a connection that was only accepted is not one yet.
  await sweep(sockets);
  await subject.settle();
  const fullKb = pssKb(subject.pid);
  const times = await alone(sockets);
  const startedAt = performance.now();
  let trips = 0;
  do {
    await sweep(sockets);
    trips += sockets.length;
  } while (performance.now() - startedAt < 3000);
  const perSecond = trips / ((performance.now() - startedAt) / 1000);
  const changing = subject.change === undefined ? undefined : changes(subject.change);
  const changeTimes = await keepBusyUntil(changing, () => sweep(sockets));
  const lost = dropped;
  for (const socket of sockets) socket.destroy();
  return {
    linkKb: (emptyKb - oneLinkKb) / (LINKS - 1),
    connectionKb: (fullKb - emptyKb) / CONNECTIONS,
    dropped: lost,
    p50Us: at(times, 0.5),
    p99Us: at(times, 0.99),
    perSecond,
    changes: changeTimes ?? [],
  };
}

async function changes(change: () => Promise<readonly number[]>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let count = 0; count < CHANGES; count++) times.push(...(await change()));
  return times;
}

async function keepBusyUntil<T>(done: Promise<T> | undefined, work: () => Promise<void>): Promise<T | undefined> {
  let result: {readonly value: T} | undefined;
  void done?.then(value => {
    result = {value};
  });
  while (done !== undefined && result === undefined) await work();
  return result?.value;
}

/** One round trip on each connection, `ACTIVE` at a time. */
async function sweep(sockets: readonly Socket[]): Promise<void> {
  const queue = [...sockets.keys()];
  await Promise.all(
    Array.from({length: ACTIVE}, async () => {
      for (let index = queue.pop(); index !== undefined; index = queue.pop()) await roundTrip(sockets[index]);
    }),
  );
}

async function alone(sockets: readonly Socket[]): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < PINGS; count++) {
    const startedAt = performance.now();
    // A step that shares no factor with the number of connections comes past all of them.
    await roundTrip(sockets[(count * 7919) % sockets.length]);
    times.push((performance.now() - startedAt) * 1000);
  }
  return times;
}

async function roundTrip(socket: Socket | undefined): Promise<void> {
  if (socket === undefined || socket.destroyed) throw new Error('a connection was dropped');
  let left = PING.length;
  await new Promise<void>((resolve, reject) => {
    const failed = (): void => reject(new Error('a connection was dropped'));
    const take = (bytes: Buffer): void => {
      left -= bytes.length;
      if (left > 0) return;
      socket.off('data', take);
      socket.off('close', failed);
      resolve();
    };
    socket.on('data', take);
    socket.on('close', failed);
    socket.write(PING);
  });
}

async function openAll(addresses: readonly Address[]): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < CONNECTIONS) {
    const count = Math.min(OPEN_AT_ONCE, CONNECTIONS - sockets.length);
    const opened = Array.from({length: count}, async (_, index) => {
      const socket = connect({...(addresses[(sockets.length + index) % addresses.length] as Address), noDelay: true});
      await once(socket, 'connect');
      return socket;
    });
    sockets.push(...(await Promise.all(opened)));
  }
  return sockets;
}

async function startNode(role: Role, links: number, upstream?: Address): Promise<Subject> {
  const child = fork(fileURLToPath(import.meta.url), [role, `${links}`, JSON.stringify(upstream ?? null)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [addresses] = (await once(child, 'message')) as [readonly Address[]];
  return {
    name: role === 'pipe' ? 'node pipe' : role,
    pid: child.pid ?? 0,
    addresses,
    settle: async () => void (await ask(child, 'settle')),
    ...(role === 'fabric' ? {change: async () => (await ask(child, 'change')) as readonly number[]} : {}),
    stop: () => child.kill('SIGKILL'),
  };
}

async function ask(child: ChildProcess, what: string): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(what);
  return (await answer)[0];
}

async function startHaproxy(links: number, upstream: Address): Promise<Subject | undefined> {
  if (spawnSync('haproxy', ['-v'], {stdio: 'ignore'}).error !== undefined) {
    process.stderr.write('left out: haproxy is not on the PATH\n');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'teralab-bench-'));
  const addresses = await Promise.all(Array.from({length: links}, async () => ({host: HOST, port: await freePort()})));
  const file = join(folder, 'haproxy.cfg');
  const listens = addresses.map(
    ({host, port}, index) => `listen l${index}\n  bind ${host}:${port}\n  server s ${upstream.host}:${upstream.port}\n`,
  );
  writeFileSync(
    file,
    `global\n  nbthread 1\n  maxconn ${CONNECTIONS + 100}\ndefaults\n  mode tcp\n  maxconn ${CONNECTIONS + 100}\n  timeout connect 5s\n  timeout client 600s\n  timeout server 600s\n${listens.join('')}`,
  );
  const child = spawn('haproxy', ['-f', file, '-db'], {stdio: 'ignore'});
  for (const address of addresses) await untilOpen(address);
  return {
    name: 'haproxy',
    pid: child.pid ?? 0,
    addresses,
    settle: async () => undefined,
    stop: () => {
      child.kill('SIGKILL');
      rmSync(folder, {recursive: true});
    },
  };
}

/** Memory of a process with its share of what it shares, KB. */
function pssKb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
}

function at(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
}

async function serve(role: Role, links: number, upstream: Address | null): Promise<void> {
  process.on('disconnect', () => process.exit());
  const settle = async (): Promise<void> => {
    for (let count = 0; count < 3; count++) {
      globalThis.gc?.();
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  if (role === 'fabric' && upstream !== null) {
    const fabric = createFabric();
    const names = Array.from({length: links}, (_, index) => `link-${index}`);
    const proxies = await fabric.open(
      names.map(name => ({name, link: 'a->b', from: 'a', to: 'b', protocol: 'postgres', upstream})),
    );
    const latency = {kind: 'latency', proxies: names, stream: 'both', toxicity: 1, seed: 1, attributes: {}} as const;
    const change = async (): Promise<readonly number[]> => {
      const from = performance.now();
      await fabric.change({add: [{...latency, id: 'l'}]});
      const added = performance.now();
      await new Promise(resolve => setTimeout(resolve, 100));
      const before = performance.now();
      await fabric.change({remove: ['l']});
      return [added - from, performance.now() - before];
    };
    process.on('message', async what => {
      process.send?.(what === 'change' ? await change() : ((await settle()) ?? true));
    });
    process.send?.(proxies.map(proxy => proxy.address));
    return;
  }
  const onSocket = (socket: Socket): void => {
    socket.on('error', () => undefined);
    if (upstream === null) {
      socket.on('data', bytes => socket.write(bytes));
      return;
    }
    const other = connect({...upstream, noDelay: true});
    socket.on('error', () => other.destroy());
    other.on('error', () => socket.destroy());
    socket.pipe(other);
    other.pipe(socket);
  };
  const addresses = await Promise.all(
    Array.from({length: links}, async () => {
      const server = createServer({noDelay: true}, onSocket).listen(0, HOST, 4096);
      await once(server, 'listening');
      return {host: HOST, port: (server.address() as {port: number}).port};
    }),
  );
  process.on('message', async () => {
    await settle();
    process.send?.(true);
  });
  process.send?.(addresses);
}

const [role, links, upstream] = process.argv.slice(2);
if (role === 'upstream' || role === 'pipe' || role === 'fabric')
  await serve(role, Number(links), JSON.parse(upstream ?? 'null') as Address | null);
else await main();
