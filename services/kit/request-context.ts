import {AsyncLocalStorage} from 'node:async_hooks';
import {continueTrace, type TraceContext, traceHeaders} from './trace-context.ts';

/** What travels with a request through this service and on to the services that it calls. */
export interface RequestContext {
  readonly trace: TraceContext;
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number | undefined;
  readonly authorization: string | undefined;
}

/** The context of the work under way, also after an await. */
export interface RequestContexts {
  current(): RequestContext | undefined;
  run<T>(context: RequestContext, work: () => T): T;
  /** Headers that carry the current context on: `traceparent`, `tracestate`, `x-deadline`, `authorization`. */
  outgoing(): Record<string, string>;
}

export const DEADLINE_HEADER = 'x-deadline';

export function createRequestContexts(): RequestContexts {
  const storage = new AsyncLocalStorage<RequestContext>();
  return {
    current: () => storage.getStore(),
    run: (context, work) => storage.run(context, work),
    outgoing() {
      const context = storage.getStore();
      if (context === undefined) return traceHeaders(continueTrace(undefined));
      const headers = traceHeaders(context.trace);
      if (context.deadline !== undefined) headers[DEADLINE_HEADER] = String(context.deadline);
      if (context.authorization !== undefined) headers.authorization = context.authorization;
      return headers;
    },
  };
}
