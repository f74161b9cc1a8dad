import type {FastifyError, FastifyReply} from 'fastify';
import type {Logger} from './logger.ts';
import {DatabaseUnavailableError, isDatabaseUnavailable, sqlState} from './postgres-errors.ts';
import {PROBLEM_TYPE, Problem, problemDocument} from './problem.ts';
import {UnavailableError} from './unavailable.ts';

/** Answers with the problem that an error is. What the caller cannot help is logged with its stack, and never sent. */
export function answerProblem(error: unknown, reply: FastifyReply, log: Logger): FastifyReply {
  const problem = toProblem(error);
  if (problem.status >= 500 && !(error instanceof Problem))
    log.error({err: error, status: problem.status}, 'a request failed');
  // Bytes are sent as they are: no response schema takes members off the document, and no charset is put on its type.
  return reply
    .code(problem.status)
    .headers({...problem.headers, 'content-type': PROBLEM_TYPE})
    .send(Buffer.from(problemDocument(problem)));
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return internal();
  return fromValidation(error) ?? fromDatabase(error) ?? fromFramework(error) ?? internal();
}

function fromValidation(error: Partial<FastifyError>): Problem | undefined {
  if (error.validation === undefined) return undefined;
  const errors = error.validation.map(({instancePath, message}) => ({
    pointer: instancePath,
    detail: message ?? 'is not valid',
  }));
  const where = error.validationContext ?? 'request';
  const detail = errors.map(({pointer, detail}) => `${where}${pointer} ${detail}`).join('; ');
  return new Problem({status: 400, kind: 'validation-failed', detail: `${detail}.`, members: {errors}});
}

function fromDatabase(error: Error): Problem | undefined {
  const state = sqlState(error);
  // Text that JSON can hold and Postgres cannot, such as U+0000.
  if (state === '22021' || state === '22P05')
    return new Problem({
      status: 400,
      kind: 'validation-failed',
      detail: 'The text holds a character that cannot be stored.',
    });
  if ('commitUnknown' in error) {
    return unavailable(
      'outcome-unknown',
      'Nobody knows whether the request took effect; send it again with the same Idempotency-Key.',
    );
  }
  if (error instanceof UnavailableError)
    return unavailable('broker-unavailable', 'The broker cannot be reached at the moment.');
  if (state === '40001' || state === '40P01')
    return unavailable('transaction-conflict', 'Somebody changed the same at the same moment; send it again.');
  return error instanceof DatabaseUnavailableError || (state !== undefined && isDatabaseUnavailable(error))
    ? unavailable('database-unavailable', 'The database cannot be reached at the moment.')
    : undefined;
}

function unavailable(kind: string, detail: string): Problem {
  return new Problem({status: 503, kind, detail, headers: {'retry-after': '1'}});
}

/** Fastify's own refusals: 400, 413, 415 and the like. Their messages are meant for callers. */
function fromFramework(error: Error): Problem | undefined {
  const status = 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  if (!(status >= 400 && status < 500)) return undefined;
  const detail = error instanceof SyntaxError ? 'The body is not valid JSON.' : `${error.message.replace(/\.$/, '')}.`;
  return new Problem({status, detail});
}

function internal(): Problem {
  return new Problem({status: 500, detail: 'The service failed to answer; its log says why.'});
}
