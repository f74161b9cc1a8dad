import {STATUS_CODES} from 'node:http';

export interface ProblemOptions {
  readonly status: number;
  /** Names the kind of problem for programs: `deadline-exceeded`. Without it the status says all. */
  readonly kind?: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the document. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An error that is meant for the caller; thrown in a handler it becomes the answer (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>>;

  constructor({status, kind, detail, headers = {}, members = {}}: ProblemOptions) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.kind = kind;
    this.headers = headers;
    this.members = members;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The document that is sent. */
export function problemDocument({status, kind, message, members}: Problem): string {
  return JSON.stringify({
    type: kind === undefined ? 'about:blank' : `urn:teralab:problem:${kind}`,
    title: kind === undefined ? (STATUS_CODES[status] ?? 'Error') : sentence(kind),
    status,
    detail: message,
    ...members,
  });
}

function sentence(kind: string): string {
  const words = kind.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
