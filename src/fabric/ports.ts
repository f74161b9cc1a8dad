import {randomInt} from 'node:crypto';
import {readFile} from 'node:fs/promises';

const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 65_535;

/**
 * Ports for listeners, each once, from a random one on. They lie outside the range from which the kernel takes ports for outgoing
 * connections, so that a listener that was closed for a while can have its port back.
 */
export async function* candidatePorts(readRange = readEphemeralRange): AsyncGenerator<number> {
  const ranges = rangesOutside(await readRange());
  const count = ranges.reduce((sum, {low, high}) => sum + high - low + 1, 0);
  const start = randomInt(count);
  for (let index = 0; index < count; index++) yield portAt(ranges, (start + index) % count);
}

/** Both ends belong to it. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** 20000 to 29999 without the kernel's range; where that leaves nothing, all other ports from 10000 on; where that leaves nothing too, the first. */
export function rangesOutside(ephemeral: PortRange | undefined): readonly PortRange[] {
  const usual = without({low: FIRST_PORT, high: LAST_PORT}, ephemeral);
  if (usual.length > 0) return usual;
  const any = without({low: LOWEST_PORT, high: HIGHEST_PORT}, ephemeral);
  return any.length > 0 ? any : [{low: FIRST_PORT, high: LAST_PORT}];
}

function without({low, high}: PortRange, taken: PortRange | undefined): readonly PortRange[] {
  if (taken === undefined) return [{low, high}];
  const below = {low, high: Math.min(high, taken.low - 1)};
  const above = {low: Math.max(low, taken.high + 1), high};
  return [below, above].filter(range => range.low <= range.high);
}

function portAt(ranges: readonly PortRange[], index: number): number {
  let left = index;
  for (const {low, high} of ranges) {
    if (left <= high - low) return low + left;
    left -= high - low + 1;
  }
  return FIRST_PORT;
}

async function readEphemeralRange(): Promise<PortRange | undefined> {
  // Linux only; elsewhere the range is 49152 and up, as IANA has it, which is not ours either.
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const [low, high] = text.trim().split(/\s+/).map(Number);
  return low !== undefined && high !== undefined && low > 0 ? {low, high} : undefined;
}
