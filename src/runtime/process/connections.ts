import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

/** A TCP connection that a process has made, or is making. */
interface Row {
  readonly port: number;
  readonly inode: string;
}

/** Says to which of some ports of this machine some processes hold connections. Linux only: elsewhere nothing tells. */
export interface ConnectionWatch {
  /** One entry for each connection that is there now. */
  look(pids: readonly number[], ports: ReadonlySet<number>): readonly {readonly pid: number; readonly port: number}[];
}

/** Remembers whose a connection is, so that only a new one is looked for in the open files of the processes. */
export function createConnectionWatch(): ConnectionWatch {
  let owners = new Map<string, number | undefined>();
  return {
    look: (pids, ports) => {
      const rows = TABLES.flatMap(readTable).filter(({port}) => ports.has(port));
      const fresh = rows.some(({inode}) => !owners.has(inode));
      const found = fresh
        ? new Map(pids.flatMap(pid => socketsOf(pid).map(inode => [inode, pid] as const)))
        : undefined;
      owners = new Map(rows.map(({inode}) => [inode, owners.has(inode) ? owners.get(inode) : found?.get(inode)]));
      return rows.flatMap(({port, inode}) => {
        const pid = owners.get(inode);
        return pid === undefined ? [] : [{pid, port}];
      });
    },
  };
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Remote ports of the connections in a table of the kernel, with the inode of the socket; what no process holds any more is left out. */
function readTable(file: string): readonly Row[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  return text.split('\n').flatMap(line => {
    const [, , remote = '', , , , , , , inode = '0'] = line.trim().split(/\s+/);
    const port = Number.parseInt(remote.split(':')[1] ?? '', 16);
    return port > 0 && inode !== '0' ? [{port, inode}] : [];
  });
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
