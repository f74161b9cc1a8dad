import {Agent, type AgentOptions} from 'node:http';
import type {Duplex} from 'node:stream';
import {connect, type TLSSocket} from 'node:tls';
import Docker from 'dockerode';
import type {Engine} from '../docker/engine.ts';

const OPEN_WITHIN_MS = 5_000;

/** The engine of another machine, through its steward. */
export interface MachineEngine {
  readonly engine: Engine;
  /** Ends all connections: what is asked of the engine, and has no answer yet, fails. */
  close(): void;
}

/** A client whose every connection is made by `open` (a way to the steward) and then encrypted with the session's key. */
export function openMachineEngine(open: () => Promise<Duplex>, key: Buffer): MachineEngine {
  const agent = new StewardAgent(open, key);
  // Host and port are never looked up, but without them the client would read the environment's.
  const options: Docker.DockerOptions & {readonly agent: Agent} = {protocol: 'http', host: 'machine', port: 1, agent};
  return {engine: new Docker(options), close: () => agent.closeAll()};
}

class StewardAgent extends Agent {
  readonly #open: () => Promise<Duplex>;
  readonly #key: Buffer;
  readonly #sockets = new Set<TLSSocket>();

  constructor(open: () => Promise<Duplex>, key: Buffer, options: AgentOptions = {}) {
    // A connection may lead to a steward that has gone meanwhile: each request has its own.
    super({...options, keepAlive: false});
    this.#open = open;
    this.#key = key;
  }

  closeAll(): void {
    for (const socket of this.#sockets)
      socket.destroy(Object.assign(new Error('the machine is lost'), {code: 'ECONNRESET'}));
  }

  override createConnection(_: unknown, done?: (error: Error | null, socket: Duplex) => void): undefined {
    const finish = done as (error: Error | null, socket?: Duplex) => void;
    this.#connect().then(
      socket => finish(null, socket),
      error => finish(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #connect(): Promise<TLSSocket> {
    const late = Date.now() + OPEN_WITHIN_MS;
    const pipe = await within(this.#open(), OPEN_WITHIN_MS, opened => opened.destroy());
    const socket = connect({
      socket: pipe,
      ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({psk: this.#key, identity: 'teralab'}),
      // The key is what it is known by; there are no certificates.
      checkServerIdentity: () => undefined,
    });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      pipe.destroy();
    });
    const secured = new Promise<TLSSocket>((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket));
      socket.on('error', reject);
      socket.once('close', () =>
        reject(Object.assign(new Error('the steward closed the connection'), {code: 'ECONNRESET'})),
      );
    });
    return within(secured, Math.max(1, late - Date.now()), () => undefined).catch(error => {
      socket.destroy();
      throw error;
    });
  }
}

/** Rejects when the work takes longer (ms); what it brings after that is discarded. */
async function within<T>(work: Promise<T>, ms: number, discard: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(Object.assign(new Error(`no connection within ${ms} ms`), {code: 'ETIMEDOUT'}));
    }, ms);
  });
  work.then(
    value => isLate && discard(value),
    () => undefined,
  );
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
