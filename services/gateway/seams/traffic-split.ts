/** Which part of the requests to a service a release of it is to get. */
export interface SplitRule {
  readonly release: string;
  /** Of the clients, 0..1. */
  readonly share: number;
}

export interface SplitRequest {
  readonly service: string;
  /** The release that the caller asks for by `x-release`. */
  readonly wanted: string | undefined;
  /** Who asks, as far as is known; requests of one client go the same way. */
  readonly client: string | undefined;
}

/** `only`: instances of this release alone; `without`: all others. Where there are none of them, all are asked. */
export type Lane = {readonly only: string} | {readonly without: string};

export interface TrafficSplit {
  /** Undefined: all instances are alike. */
  laneOf(request: SplitRequest): Lane | undefined;
}

export interface TrafficSplitTools {
  /** What is set now, by service. */
  rules(): Readonly<Record<string, SplitRule>>;
}

/**
 * Which requests go to a release that is tried out (a canary), by weight and by header.
 *
 * A module that replaces it exports `createTrafficSplit`.
 */
export type CreateTrafficSplit = (tools: TrafficSplitTools) => TrafficSplit;
