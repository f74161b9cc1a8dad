import {type ErrorCode, LabError} from '../../errors.ts';

/** A request as the control API sees it. */
export interface ApiRequest {
  readonly method: string;
  /** As it came, with its query. */
  readonly url: string;
  readonly userAgent: string;
  readonly body: string;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Ends the handling of a request with an answer that is an error in Toxiproxy's words. Caught where requests are handled. */
export class Refusal extends Error {
  readonly status: number;
  /** What Toxiproxy does not say, where its own words are kept to the letter. */
  readonly hint: string | undefined;

  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

export function json(status: number, value: unknown): ApiReply {
  return {status, headers: {'content-type': 'application/json'}, body: JSON.stringify(value)};
}

export function text(status: number, body: string, contentType = 'text/plain; charset=utf-8'): ApiReply {
  return {status, headers: {'content-type': contentType}, body};
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): ApiReply {
  return {status, headers, body: ''};
}

/** `{"error","status"}`, with more where there is more to say. */
export function refused({status, message, hint}: Refusal, more: object = {}): ApiReply {
  return json(status, {error: message, status, ...(hint === undefined ? {} : {hint}), ...more});
}

/** What a client can do something about. Anything else is a mistake of ours. */
export function isExpected(error: unknown): boolean {
  return error instanceof Refusal || error instanceof LabError;
}

/** What went wrong, in Toxiproxy's words where it has some. Anything but a LabError is a mistake of ours, and said as one. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof LabError)) return new Refusal(500, `internal error: ${messageOf(error)}`);
  return new Refusal(STATUS[error.code] ?? 500, error.message);
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNKNOWN_TARGET: 404,
  UNKNOWN_FAULT: 404,
  UNKNOWN_ATTRIBUTE: 400,
  BAD_VALUE: 400,
  NOT_POSSIBLE_HERE: 400,
  NOT_ALLOWED: 403,
  NOT_RUNNING: 503,
  BUSY: 503,
  NODE_GONE: 503,
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
