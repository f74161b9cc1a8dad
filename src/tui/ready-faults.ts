import type {NodeStatus, StatusReport} from '../controller/protocol.ts';
import type {ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultKind} from '../faults/fault.ts';

/** A fault with everything but its target chosen. `teralab chaos` has the whole catalogue. */
export interface ReadyFault {
  readonly label: string;
  readonly kind: FaultKind;
  readonly on: 'link' | 'http-link' | 'node' | 'service';
  readonly attributes: ToxicAttributes;
  readonly forMs: number | undefined;
}

export const READY_FAULTS: readonly ReadyFault[] = [
  {label: 'latency 200 ms for 30 s', kind: 'latency', on: 'link', attributes: {latency: 200}, forMs: 30_000},
  {label: 'latency 1 s for 30 s', kind: 'latency', on: 'link', attributes: {latency: 1000}, forMs: 30_000},
  {label: 'blackhole for 15 s', kind: 'blackhole', on: 'link', attributes: {}, forMs: 15_000},
  {label: 'refuse connections for 15 s', kind: 'refuse', on: 'link', attributes: {}, forMs: 15_000},
  {label: 'reset connections for 15 s', kind: 'reset', on: 'link', attributes: {}, forMs: 15_000},
  {
    label: 'drop 20 % of replies for 30 s',
    kind: 'drop-reply',
    on: 'http-link',
    attributes: {probability: 0.2},
    forMs: 30_000,
  },
  {
    label: 'answer 503 to 20 % for 30 s',
    kind: 'reply-status',
    on: 'http-link',
    attributes: {status: 503, probability: 0.2},
    forMs: 30_000,
  },
  {label: 'pass 20 KB/s for 30 s', kind: 'bandwidth', on: 'link', attributes: {rate: 20}, forMs: 30_000},
  {label: 'isolate for 10 s', kind: 'isolate', on: 'node', attributes: {}, forMs: 10_000},
  {label: 'pause for 10 s', kind: 'pause', on: 'node', attributes: {}, forMs: 10_000},
  {label: 'keep busy for 15 s', kind: 'busy', on: 'service', attributes: {}, forMs: 15_000},
  {label: 'deliver a fifth twice for 30 s', kind: 'redeliver', on: 'service', attributes: {}, forMs: 30_000},
  {label: 'crash', kind: 'crash', on: 'node', attributes: {}, forMs: 5_000},
  {label: 'restart', kind: 'restart', on: 'node', attributes: {}, forMs: undefined},
];

/** What a ready fault can be aimed at in this system. */
export function targetsOf(fault: ReadyFault, status: StatusReport): readonly string[] {
  if (fault.on === 'node') return status.nodes.map(({name}) => name);
  const isService = ({url}: NodeStatus): boolean => /^(http|unix):/.test(url);
  if (fault.on === 'service') return status.nodes.filter(isService).map(({name}) => name);
  const databases = new Set(
    status.nodes.filter(node => !isService(node)).flatMap(({name, service}) => [name, service]),
  );
  return status.links
    .map(({name}) => name)
    .filter(name => fault.on === 'link' || !databases.has(name.split('->')[1] ?? ''));
}
