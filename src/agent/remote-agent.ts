import {request} from 'node:http';
import type {Socket} from 'node:net';
import {LabError} from '../errors.ts';
import type {LocalFabric} from '../fabric/create-fabric.ts';
import {type LedgerWriter, openLedger} from '../load/ledger.ts';
import type {LoadDriver} from '../load/load.ts';
import type {Address} from '../topology/address.ts';
import type {Agent} from './agent.ts';
import {socketChannel} from './channel.ts';
import {type AgentConnection, connect} from './connect.ts';
import {type CarriedEntry, LEDGER_ENTRY, type LoadThread} from './load-port.ts';
import {AGENT_PARTS, AGENT_PROTOCOL, type AgentPart} from './messages.ts';
import {remoteFabric} from './remote-fabric.ts';
import {remoteLoad} from './remote-load.ts';
import {remoteTelemetry} from './remote-telemetry.ts';
import type {TelemetryThread} from './telemetry-port.ts';

const TRY_EVERY_MS = 50;
const CONNECT_WITHIN_MS = 30_000;

/** An agent in a container. */
export interface AgentEndpoint {
  readonly address: Address;
  /** The name by which nodes reach it. */
  readonly host: string;
  readonly token: string;
  readonly container: string;
  /** Settles when the container has ended; nothing answers from then on. */
  readonly ended?: Promise<unknown>;
}

/** Connects to an agent that may still be starting. @throws LabError NODE_GONE when it does not answer in time, or has ended. */
export async function connectAgent(endpoint: AgentEndpoint): Promise<Agent> {
  const {container} = endpoint;
  let isOver = false;
  void endpoint.ended?.then(() => {
    isOver = true;
  });
  const sockets = await Promise.all(AGENT_PARTS.map(async part => openPart(endpoint, part, () => isOver)));
  const [fabricSocket, loadSocket, telemetrySocket] = sockets as [Socket, Socket, Socket];
  const fabric = connect<LocalFabric>(socketChannel(fabricSocket), "agent's fabric");
  const load = connect<LoadThread>(socketChannel(loadSocket), "agent's load driver");
  const telemetry = connect<TelemetryThread>(socketChannel(telemetrySocket), "agent's telemetry");
  const stop = async (): Promise<void> => {
    await Promise.all([fabric.terminate(), load.terminate(), telemetry.terminate()]);
  };
  return {
    fabric: remoteFabric(fabric),
    load: withLedgersHere(remoteLoad(load), load),
    telemetry: remoteTelemetry(telemetry, endpoint),
    place: {container},
    gone: Promise.race([fabric.gone, load.gone]),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The load driver of a container: what it enters into its ledgers comes as events and is written here, as it comes. */
function withLedgersHere(driver: LoadDriver, connection: AgentConnection<LoadThread>): LoadDriver {
  const ledgers = new Map<string, LedgerWriter>();
  connection.onEvent((event, data) => {
    if (event !== LEDGER_ENTRY) return;
    const {ledgerFile, entry} = data as CarriedEntry;
    // What cannot be written is told when the ledger is closed.
    void ledgers
      .get(ledgerFile)
      ?.append(entry)
      .catch(() => undefined);
  });
  return {
    ...driver,
    async start(plan, options) {
      const ledger = await openLedger(options.ledgerFile);
      ledgers.set(options.ledgerFile, ledger);
      const close = async (): Promise<void> => {
        ledgers.delete(options.ledgerFile);
        await ledger.close();
      };
      try {
        const run = await driver.start(plan, options);
        const done = run.done.finally(close);
        done.catch(() => undefined);
        return {...run, done};
      } catch (error) {
        await close().catch(() => undefined);
        throw error;
      }
    },
  };
}

async function openPart({address, token}: AgentEndpoint, part: AgentPart, isOver: () => boolean): Promise<Socket> {
  const until = Date.now() + CONNECT_WITHIN_MS;
  for (;;) {
    const opened = await upgrade(address, token, part);
    if (!('failure' in opened)) return opened.socket;
    if (isOver()) throw new LabError('NODE_GONE', `The agent's container ended before it answered: ${opened.failure}.`);
    if (Date.now() > until)
      throw new LabError(
        'NODE_GONE',
        `The agent at ${address.host}:${address.port} did not answer within ${CONNECT_WITHIN_MS} ms: ${opened.failure}.`,
      );
    await new Promise(resolve => setTimeout(resolve, TRY_EVERY_MS));
  }
}

async function upgrade(
  {host, port}: Address,
  token: string,
  part: AgentPart,
): Promise<{readonly socket: Socket} | {readonly failure: string}> {
  return new Promise(resolve => {
    const asked = request({
      host,
      port,
      path: `/${part}`,
      agent: false,
      headers: {connection: 'Upgrade', upgrade: AGENT_PROTOCOL, authorization: `Bearer ${token}`},
    });
    asked.on('upgrade', (_, socket: Socket, head) => {
      if (head.length > 0) socket.unshift(head);
      socket.setNoDelay(true);
      resolve({socket});
    });
    asked.on('response', reply => {
      reply.resume();
      resolve({failure: `status ${reply.statusCode}`});
    });
    asked.on('error', error => resolve({failure: error.message}));
    asked.end();
  });
}
