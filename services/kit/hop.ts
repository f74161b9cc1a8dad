import type {FastifyRequest} from 'fastify';
import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';
import {Problem} from './problem.ts';
import {DEADLINE_HEADER, type RequestContext, type RequestContexts} from './request-context.ts';
import type {App} from './server.ts';
import {recordRequest} from './telemetry/record-request.ts';
import type {Telemetry} from './telemetry/telemetry.ts';
import {continueTrace, type TraceContext, withoutRecord} from './trace-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What travels with this request. */
    hop: RequestContext;
  }
  interface FastifyContextConfig {
    /** A probe: answered before the service has started, and without regard to deadlines. */
    readonly probe?: boolean;
  }
}

/** Clocks that are read one after the other differ by less than this. */
const MACHINE_TIME_WITHIN_MS = 5;

export interface HopOptions {
  readonly contexts: RequestContexts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly started: () => boolean;
  readonly draining: AbortSignal;
  readonly telemetry: Telemetry;
}

/** What happens to every request before its handler: its context is taken up, and what is too late or too early is refused. */
export function carryContext(app: App, {contexts, clock, log, started, draining, telemetry}: HopOptions): void {
  // The hook below sets it before anybody reads it.
  app.decorateRequest('hop', null as never);
  app.addHook('onRequest', (request, reply, done) => {
    const {authorization} = request.headers;
    const isProbe = request.routeOptions.config.probe === true;
    const deadline = parseDeadline(request.headers[DEADLINE_HEADER]);
    request.hop = {
      trace: traceOf(request, isProbe, telemetry),
      deadline: deadline === 'wrong' ? undefined : deadline,
      authorization,
    };
    reply.header('x-trace-id', request.hop.trace.traceId);
    if (draining.aborted) reply.header('connection', 'close');
    if (!isProbe && telemetry.isOn) recordRequest(telemetry, request, reply);
    contexts.run(request.hop, () => done(isProbe ? undefined : refusal(deadline, clock, started())));
  });
  // The body's events come from the connection and not from the request: its context is taken up again.
  app.addHook('preValidation', (request, _reply, done) => contexts.run(request.hop, done));
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining.aborted) reply.header('connection', 'close');
    // Node dates answers by the machine's time; a service whose clock is off dates them by its own.
    const now = clock.now();
    if (Math.abs(now - Date.now()) > MACHINE_TIME_WITHIN_MS) reply.header('date', new Date(now).toUTCString());
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const {traceId, spanId} = request.hop.trace;
    const facts = {
      traceId,
      spanId,
      method: request.method,
      path: request.url.split('?')[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    if (request.routeOptions.config.probe === true) log.debug(facts, 'answered');
    else log.info(facts, 'answered');
    done();
  });
}

/** Probes are asked all day: nothing of them is recorded. Of other requests the service that a trace begins in decides. */
function traceOf({headers}: FastifyRequest, isProbe: boolean, telemetry: Telemetry): TraceContext {
  const trace = continueTrace(headers.traceparent, headers.tracestate);
  const isTaken = !isProbe && (trace.parentId !== undefined || telemetry.takesTrace());
  return isTaken ? trace : withoutRecord(trace);
}

function refusal(deadline: number | 'wrong' | undefined, clock: Clock, started: boolean): Problem | undefined {
  if (deadline === 'wrong')
    return new Problem({
      status: 400,
      kind: 'validation-failed',
      detail: `${DEADLINE_HEADER} must be a time in unix milliseconds.`,
    });
  if (deadline !== undefined && deadline <= clock.now()) {
    return new Problem({
      status: 504,
      kind: 'deadline-exceeded',
      detail: 'The caller has stopped waiting: the deadline of this request is over.',
    });
  }
  if (!started)
    return new Problem({
      status: 503,
      kind: 'starting',
      detail: 'The service is starting.',
      headers: {'retry-after': '1'},
    });
  return undefined;
}

function parseDeadline(raw: unknown): number | 'wrong' | undefined {
  if (raw === undefined) return undefined;
  const value = typeof raw === 'string' && /^\d{1,15}(\.\d{1,6})?$/.test(raw) ? Math.floor(Number(raw)) : Number.NaN;
  return Number.isSafeInteger(value) ? value : 'wrong';
}
