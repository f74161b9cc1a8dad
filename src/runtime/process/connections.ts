import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

/** Says to which of some ports some processes hold connections. Linux only: elsewhere nothing tells. */
export interface ConnectionWatch {
  /** One entry for each connection that is there now, at the side that has made it. */
  look(pids: readonly number[], ports: ReadonlySet<number>): readonly {readonly pid: number; readonly port: number}[];
}

/** A socket that is in no table of TCP connections is looked for again this often: it may not have been connected yet. */
const LOOKS_MAX = 3;
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Nobody holds what is in this state. On a busy machine it is most of a table. */
const TIME_WAIT = '06';

/** Goes through the open files of the processes, and reads the tables of all connections, which can be long, only for sockets that are new. */
export function createConnectionWatch(): ConnectionWatch {
  let known = new Map<string, {readonly port: number | undefined; readonly looks: number}>();
  return {
    look: (pids, ports) => {
      const sockets = pids.flatMap(pid => socketsOf(pid).map(inode => ({pid, inode})));
      const isFresh = (inode: string): boolean => {
        const socket = known.get(inode);
        return socket === undefined || (socket.port === undefined && socket.looks < LOOKS_MAX);
      };
      const fresh = new Set(sockets.map(({inode}) => inode).filter(isFresh));
      const found = fresh.size === 0 ? undefined : remotePorts(fresh);
      known = new Map(
        sockets.map(({inode}) => {
          const before = known.get(inode) ?? {port: undefined, looks: 0};
          return [inode, fresh.has(inode) ? {port: found?.get(inode), looks: before.looks + 1} : before];
        }),
      );
      return sockets.flatMap(({pid, inode}) => {
        const port = known.get(inode)?.port;
        return port !== undefined && ports.has(port) ? [{pid, port}] : [];
      });
    },
  };
}

/** Remote ports of the connections that belong to these sockets. */
function remotePorts(inodes: ReadonlySet<string>): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  for (const line of TABLES.flatMap(file => read(file).split('\n'))) {
    // `   3: 0100007F:1F90 0100007F:C350 01 …`: the fields up to the state have fixed widths.
    const from = line.indexOf(': ') + 2;
    const width = line.indexOf(' ', from) - from;
    if (from < 2 || width <= 0 || line.startsWith(TIME_WAIT, from + 2 * (width + 1))) continue;
    const inode = line.slice(from).split(/ +/)[8] ?? '';
    if (inodes.has(inode))
      ports.set(inode, Number.parseInt(line.slice(from + 2 * width - 3, from + 2 * width + 1), 16));
  }
  return ports;
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => inodeOf(`/proc/${pid}/fd/${fd}`) ?? []);
  } catch {
    return [];
  }
}

function inodeOf(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    return undefined;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
