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
  const ports = portsOutside(await readRange());
  const start = randomInt(ports.length);
  for (let index = 0; index < ports.length; index++) yield ports[(start + index) % ports.length] as number;
}

export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** 20000 to 29999 without the kernel's range; where that leaves nothing, all other ports from 10000 on; where that leaves nothing too, all. */
export function portsOutside(ephemeral: PortRange | undefined): readonly number[] {
  const isOutside = (port: number): boolean => ephemeral === undefined || port < ephemeral.low || port > ephemeral.high;
  const usual = range(FIRST_PORT, LAST_PORT).filter(isOutside);
  if (usual.length > 0) return usual;
  const any = range(LOWEST_PORT, HIGHEST_PORT).filter(isOutside);
  return any.length > 0 ? any : range(FIRST_PORT, LAST_PORT);
}

function range(first: number, last: number): number[] {
  return Array.from({length: last - first + 1}, (_, index) => first + index);
}

async function readEphemeralRange(): Promise<PortRange | undefined> {
  // Linux only; elsewhere the range is 49152 and up, as IANA has it, which is not ours either.
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const [low, high] = text.trim().split(/\s+/).map(Number);
  return low !== undefined && high !== undefined && low > 0 ? {low, high} : undefined;
}
