import pino from 'pino';
import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';
import type {LogLevel} from './parse-environment.ts';
import type {RequestContexts} from './request-context.ts';

export interface JsonLoggerOptions {
  readonly service: string;
  readonly node: string;
  readonly level: LogLevel;
  readonly contexts: RequestContexts;
  /** Tells the time of each line. */
  readonly clock: Pick<Clock, 'now'>;
  /** Default: stdout. */
  readonly destination?: pino.DestinationStream;
}

/** Facts with these names are never written, at the top or one level down. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'passwordHash',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'sessionSecret',
];

/** JSON lines with the trace of the request under way. They are written at once, so that the last ones survive a crash. */
export function createJsonLogger({service, node, level, contexts, clock, destination}: JsonLoggerOptions): Logger {
  return pino(
    {
      level,
      base: {service, node},
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: {level: label => ({level: label})},
      redact: {paths: SECRETS.flatMap(name => [name, `*.${name}`]), censor: '[redacted]'},
      mixin() {
        const trace = contexts.current()?.trace;
        return trace === undefined ? {} : {traceId: trace.traceId, spanId: trace.spanId};
      },
    },
    destination ?? pino.destination({dest: 1, sync: true}),
  );
}
