import {connect, type Socket} from 'node:net';
import type {Address} from '../topology/address.ts';
import type {ProbeResult} from './fabric.ts';
import {type LinkProxy, LOOPBACK} from './link-proxy.ts';

type Load = NonNullable<ProbeResult['loads']>[number];

/** What became of one probe. `injected`: the status that a toxic answered with. */
export type ProbeOutcome =
  | {readonly ms: number; readonly injected?: number; readonly load?: Load}
  | {readonly failure: string; readonly load?: Load};

/** A connection to a proxy that it knows as a probe. `upstream`: where it leads instead of to the callee. */
export function openProbe(proxy: LinkProxy, upstream?: Address): Socket {
  const socket = connect({host: LOOPBACK, port: proxy.listener.port, noDelay: true});
  let forget: (() => void) | undefined;
  // `connect` takes its local port on the next tick, before the loop can accept the connection at the other end.
  process.nextTick(() => {
    if (socket.localPort !== undefined) forget = proxy.expectProbe(socket.localPort, upstream);
  });
  socket.on('close', () => forget?.());
  return socket;
}
