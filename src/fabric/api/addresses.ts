import type {Address} from '../../topology/address.ts';
import {Refusal} from './reply.ts';

/** `127.0.0.1:40017`, `[::1]:40017`. */
export function addressText({host, port}: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a client wants its proxy to listen. Without a host, and without anything, it is the loopback interface; port 0 is any free one. */
export function parseListen(raw: string): {readonly host: string; readonly port?: number} {
  const {host, port} = parse('listen', raw === '' ? ':0' : raw, 0);
  const bound = host === '' || host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
  if (!/^127(?:\.\d{1,3}){3}$/.test(bound) && bound !== '::1')
    throw new Refusal(
      400,
      `listen: ${raw} is not on the loopback interface, and proxies listen nowhere else; write localhost:${port}.`,
    );
  return port === 0 ? {host: bound} : {host: bound, port};
}

export function parseUpstream(raw: string): Address {
  const {host, port} = parse('upstream', raw, 1);
  return {host: host === '' ? 'localhost' : host, port};
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

const HOST_LENGTH_MAX = 255;

function parse(what: string, raw: string, portMin: number): Address {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]*)):(\d{1,5})$/.exec(raw) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || host.length > HOST_LENGTH_MAX || !(port >= portMin && port <= 65_535))
    throw new Refusal(
      400,
      `${what}: ${JSON.stringify(raw)} is no address; it is written host:port, as in localhost:26379.`,
    );
  return {host, port};
}
