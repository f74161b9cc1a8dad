import {createServer, type Server, type Socket} from 'node:net';
import {LabError} from '../errors.ts';
import {claimPort, releasePort} from '../port-claims.ts';

const RETRY_MS = 50;
const REOPEN_TIMEOUT_MS = 2_000;

/** A listening socket that can be closed at once and opened again on the same port. */
export class Listener {
  readonly port: number;
  readonly #host: string;
  readonly #accept: (socket: Socket) => void;
  #wanted = true;
  #server: Server | undefined;
  #opening: Promise<void> | undefined;

  /** Listens on the first of these ports that is free; undefined when none is. */
  static async open(
    host: string,
    ports: Iterable<number> | AsyncIterable<number>,
    accept: (socket: Socket) => void,
  ): Promise<Listener | undefined> {
    for await (const port of ports) {
      if (!claimPort(port)) continue;
      const server = await listen(host, port, accept).catch((error: unknown) => {
        releasePort(port);
        throw error;
      });
      if (server !== undefined) return new Listener(host, port, accept, server);
      releasePort(port);
    }
    return undefined;
  }

  private constructor(host: string, port: number, accept: (socket: Socket) => void, server: Server) {
    this.#host = host;
    this.port = port;
    this.#accept = accept;
    this.#server = server;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  /** Closes or opens. Closing has taken effect when this returns; opening when `settled` does. */
  want(listening: boolean): void {
    this.#wanted = listening;
    if (!listening) {
      this.#server?.close();
      this.#server = undefined;
    } else if (this.#server === undefined && this.#opening === undefined) {
      this.#opening = this.#reopen().finally(() => {
        this.#opening = undefined;
      });
    }
  }

  /** Closes for good: the port is anybody's again. */
  end(): void {
    this.want(false);
    releasePort(this.port);
  }

  /** @throws LabError PORT_TAKEN when the port does not come back within two seconds. It is tried further all the same. */
  async settled(): Promise<void> {
    if (this.#opening === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new LabError('PORT_TAKEN', `Port ${this.port} was taken by another process while it was closed.`)),
        REOPEN_TIMEOUT_MS,
      );
    });
    await Promise.race([this.#opening, late]).finally(() => clearTimeout(timer));
  }

  async #reopen(): Promise<void> {
    while (this.#wanted && this.#server === undefined) {
      const server = await listen(this.#host, this.port, this.#accept).catch(() => undefined);
      if (server !== undefined && this.#wanted) this.#server = server;
      else if (server !== undefined) server.close();
      else await new Promise(resolve => setTimeout(resolve, RETRY_MS).unref());
    }
  }
}

/** Undefined when the port is taken. */
function listen(host: string, port: number, accept: (socket: Socket) => void): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer({allowHalfOpen: true, noDelay: true}, accept);
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else if (error.code === 'EACCES')
        reject(new LabError('NOT_ALLOWED', `Listening on ${host}:${port} is not allowed (${error.code}).`));
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')
        reject(new LabError('BAD_VALUE', `${host} is no address of this machine (${error.code}).`));
      else reject(error);
    });
    server.listen(port, host, () => {
      // Errors of accept (no file descriptor left) concern one client; they must not end all links.
      server.on('error', () => {});
      resolve(server);
    });
  });
}
