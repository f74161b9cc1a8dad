import {randomBytes} from 'node:crypto';
import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import {releasePort} from '../../port-claims.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {NATS_USER} from '../nats-configuration.ts';
import {createPorts, LOOPBACK, nextFreePort, thisPort} from '../ports.ts';
import {roleOf} from '../postgres-settings.ts';
import type {BrokerAccess, PostgresAccess} from '../runtime.ts';
import {programOf} from './program.ts';
import {INSIDE} from './specs.ts';

const GATEWAY_PORT = 4000;

/** Where the nodes of a session are, for the lab on this machine and for the fabric inside, and how to get into those that keep data. */
export interface AddressBook {
  /** Gives each node that is new a port of this machine and, where it keeps data, a password. Returns those. Errors: PORT_TAKEN. */
  enter(nodes: readonly PlannedNode[]): Promise<readonly PlannedNode[]>;
  /** Another port of this machine, for what is no node. */
  claimPort(): Promise<number>;
  /** Ports of this machine for the gateways: the first as asked for (without it 4000 or the next free one), the others the next that are free. */
  claimGatewayPorts(asked: number | undefined): Promise<readonly number[]>;
  /** Errors of this and all that follow: UNKNOWN_NODE. */
  address(node: string): Address;
  upstream(node: string): Address;
  password(node: string): string;
  postgres(node: string): PostgresAccess;
  broker(node: string): BrokerAccess;
  /** A gateway's listener inside, as programs on this machine reach it. */
  outside(listener: Address): Address | undefined;
  /** Gives all ports back. */
  release(): void;
}

export function createAddressBook(): AddressBook {
  const nextPort = createPorts();
  const nodes = new Map<string, PlannedNode>();
  const addresses = new Map<string, Address>();
  const passwords = new Map<string, string>();
  const claimed: number[] = [];
  let gatewayPorts: readonly number[] = [];

  const claim = async (port: Promise<number>): Promise<number> => {
    const taken = await port;
    claimed.push(taken);
    return taken;
  };
  const address = (node: string): Address => known(addresses, node);
  const postgres = (node: string): PostgresAccess => ({
    address: address(node),
    user: roleOf(node),
    password: known(passwords, node),
    database: roleOf(node),
  });

  return {
    enter: async planned => {
      const fresh = planned.filter(({name}) => !addresses.has(name));
      for (const node of fresh) {
        nodes.set(node.name, node);
        addresses.set(node.name, {host: LOOPBACK, port: await claim(nextPort())});
        if (node.kind !== 'service') passwords.set(node.name, randomBytes(24).toString('base64url'));
      }
      return fresh;
    },
    claimPort: async () => claim(nextPort()),
    claimGatewayPorts: async asked => {
      const first = await claim(
        asked === undefined ? nextFreePort(GATEWAY_PORT, 'The gateway') : thisPort(asked, 'The gateway'),
      );
      const ports = [first];
      while (ports.length < INSIDE.gateways)
        ports.push(await claim(nextFreePort((ports.at(-1) ?? first) + 1, 'A second gateway')));
      gatewayPorts = ports;
      return ports;
    },
    address,
    upstream: node => ({host: node, port: INSIDE[programOf(known(nodes, node))]}),
    password: node => known(passwords, node),
    postgres,
    broker: node =>
      known(nodes, node).engine === 'nats'
        ? {engine: 'nats', address: address(node), user: NATS_USER, password: known(passwords, node)}
        : {engine: 'postgres', ...postgres(node)},
    outside: ({port}) => {
      const outside = gatewayPorts[port - INSIDE.gatewayFirst];
      return outside === undefined ? undefined : {host: LOOPBACK, port: outside};
    },
    release: () => {
      for (const port of claimed) releasePort(port);
    },
  };
}

function known<T>(values: ReadonlyMap<string, T>, node: string): T {
  const value = values.get(node);
  if (value !== undefined) return value;
  const close = nearest(node, [...values.keys()]);
  throw new LabError(
    'UNKNOWN_NODE',
    `There is no node "${node}" here${close === undefined ? '' : `; did you mean ${close}?`}`,
  );
}
