import {request as httpRequest} from 'node:http';
import {type Answer, answerProblem} from '../../src/checkers/openapi/answers.ts';
import {type ApiOperation, type Document, operationsOf} from '../../src/checkers/openapi/document.ts';
import {type GeneratedRequest, requestsOf} from '../../src/checkers/openapi/requests.ts';
import {createValidator} from '../../src/checkers/openapi/validate.ts';
import type {Known} from '../../src/checkers/openapi/values.ts';
import {createRandom} from '../../src/random.ts';

/** Who sends the requests of one operation, and what they know. */
export interface Caller {
  readonly authorization?: string;
  readonly known?: Known;
  readonly foreign?: Known;
}

export interface FuzzOptions {
  readonly url: string;
  readonly document: Document;
  readonly seed: number;
  readonly valid: number;
  readonly spoiltMax?: number;
  /** Somebody new for each operation: one of them may close the account. */
  caller(operation: ApiOperation): Promise<Caller>;
}

export interface Finding {
  readonly operation: string;
  readonly what: string;
  readonly problem: string;
  readonly request: string;
}

/** Replays generated requests of every operation against a running service. Returns what was not answered as described. */
export async function fuzz(
  options: FuzzOptions,
): Promise<{readonly sent: number; readonly findings: readonly Finding[]}> {
  const findings: Finding[] = [];
  let sent = 0;
  const validate = createValidator();
  // What deletes goes last: others may need what is there.
  const operations = [...operationsOf(options.document)].sort((a, b) => rank(a) - rank(b));
  for (const operation of operations) {
    const {seed, valid, spoiltMax} = options;
    const random = createRandom(seed, operation.id);
    const caller = await options.caller(operation);
    const limits = {valid, ...(spoiltMax === undefined ? {} : {spoiltMax})};
    const requests = requestsOf(operation, {random, ...limits, ...caller});
    // Deleted once, it is gone: one that is as described comes from somebody who was not there before.
    const more = operation.method === 'DELETE' ? await options.caller(operation) : undefined;
    const last = more === undefined ? [] : requestsOf(operation, {random, ...more, valid: 1, spoiltMax: 0});
    const statuses: number[] = [];
    for (const request of [...requests, ...last]) {
      const answer = await send(options.url, request);
      sent += 1;
      if (request.expect === 'served') statuses.push(answer.status);
      const problem = answerProblem(request, answer, validate);
      if (problem !== undefined) findings.push(finding(request, `${problem}: ${answer.body.slice(0, 300)}`));
    }
    const [first] = requests;
    if (first !== undefined && !statuses.some(status => status < 300))
      findings.push(finding(first, `never succeeded, but was answered ${[...new Set(statuses)].join()}`));
  }
  return {sent, findings};
}

function rank({method, path}: ApiOperation): number {
  if (method !== 'DELETE') return 0;
  return path.includes('sessions') ? 1 : 2;
}

function finding({operation, what, method, path, body}: GeneratedRequest, problem: string): Finding {
  const request = `${method} ${path.slice(0, 120)} ${(body ?? '').slice(0, 120)}`;
  return {operation: operation.id, what, problem, request};
}

/** Sends it as it is, without tidying up its path as other clients would. */
export function send(
  base: string,
  request: Pick<GeneratedRequest, 'method' | 'path' | 'headers' | 'body' | 'isBytes'>,
): Promise<Answer> {
  const {hostname, port} = new URL(base);
  const body = request.body === undefined ? undefined : Buffer.from(request.body, request.isBytes ? 'latin1' : 'utf8');
  return new Promise((resolve, reject) => {
    const headers = {...request.headers, ...(body === undefined ? {} : {'content-length': String(body.length)})};
    const sending = httpRequest({hostname, port, method: request.method, path: request.path, headers}, response => {
      const chunks: Buffer[] = [];
      const contentType = response.headers['content-type'];
      const settle = (isCut: boolean): void =>
        resolve({
          status: response.statusCode ?? 0,
          contentType,
          body: Buffer.concat(chunks).toString('utf8'),
          ...(isCut ? {isCut} : {}),
        });
      response.on('data', chunk => {
        chunks.push(chunk);
        // Server-sent events have no end.
        if (contentType?.startsWith('text/event-stream') !== true) return;
        settle(true);
        response.destroy();
      });
      response.on('end', () => settle(false));
      response.on('error', reject);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}
