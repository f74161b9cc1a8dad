import type {ErrorData} from '../errors.ts';

/** From the main thread: a call with plain data. */
export interface CallMessage {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** From the thread: it can be called; the answer to a call; something that happened. */
export type ThreadMessage =
  | {readonly ready: true}
  | {readonly call: number; readonly result: unknown}
  | {readonly call: number; readonly error: ErrorData}
  | {readonly event: string; readonly data: unknown};

/** What an agent in a container is asked for, each over a connection of its own. */
export const AGENT_PARTS = ['fabric', 'load', 'telemetry'] as const;
export type AgentPart = (typeof AGENT_PARTS)[number];

/** The protocol that a connection to it is upgraded to: calls and answers as lines of JSON. */
export const AGENT_PROTOCOL = 'teralab-agent/1';
