import type {Readable} from 'node:stream';

/** One instance of another service, behind a link. */
export interface Instance {
  readonly node: string;
  readonly url: string;
}

export interface LinkRequest {
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  /** The instance to send it to; default: one after the other, and the next one where the connection cannot be made. */
  readonly node?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Kept in memory, so that it can be sent again. */
  readonly body?: string | Uint8Array;
  /** Aborting it ends the request on the wire and frees its socket, also while the body is read. */
  readonly signal?: AbortSignal;
}

export interface LinkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end, or destroyed: until then it holds a socket. */
  readonly body: Readable & {json(): Promise<unknown>; text(): Promise<string>};
  /** Which instance answered. */
  readonly node: string;
}

/** `LINKS` names no instance of the service. */
export class UnknownServiceError extends Error {
  constructor(service: string) {
    super(`LINKS names no instance of ${service}.`);
    this.name = 'UnknownServiceError';
  }
}

/** Requests to other services, over the instances of `LINKS`. */
export interface Links {
  /**
   * Sends a request to one instance of a service, taken in turn, and returns when the head of its answer is there, whatever its status.
   * Where a connection could not be made nothing was sent, and the next instance is tried. Trace context, deadline and
   * authorization of the request under way are passed on unless the headers say otherwise.
   */
  request(service: string, request: LinkRequest): Promise<LinkAnswer>;
  instances(service: string): readonly Instance[];
  close(): Promise<void>;
}
