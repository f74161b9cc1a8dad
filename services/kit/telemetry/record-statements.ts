import type {RequestContexts} from '../request-context.ts';
import {createStatementShapes} from './statement-shape.ts';
import type {Telemetry} from './telemetry.ts';

/** Watches what is done with a database. It changes nothing of it. */
export interface StatementRecorder {
  statement<T>(text: string, run: () => Promise<T>): Promise<T>;
  transaction<T>(run: () => Promise<T>): Promise<T>;
}

export const NO_RECORDER: StatementRecorder = {
  statement: (_text, run) => run(),
  transaction: run => run(),
};

/**
 * Records statements as spans of the request or message that they are run for: their shape, never a value. What runs for none (polls,
 * cleaning up) is not recorded.
 */
export function recordStatements(telemetry: Telemetry, contexts: RequestContexts, link: string): StatementRecorder {
  const shapeOf = createStatementShapes();
  const attributes = {'db.system.name': 'postgresql', 'teralab.link': link};
  return {
    async statement(text, run) {
      const trace = contexts.current()?.trace;
      if (trace === undefined) return run();
      const shape = shapeOf(text);
      const span = telemetry.beginWithin(trace, {
        name: shape.name,
        kind: 'client',
        attributes: {...attributes, 'db.operation.name': shape.operation, 'db.query.text': shape.text},
      });
      return ended(span, run);
    },
    async transaction(run) {
      const context = contexts.current();
      if (context === undefined) return run();
      const span = telemetry.beginWithin(context.trace, {name: 'transaction', kind: 'internal', attributes});
      return ended(span, () => contexts.run({...context, trace: span.trace}, run));
    },
  };
}

async function ended<T>(span: {end(failure?: unknown): void}, run: () => Promise<T>): Promise<T> {
  try {
    const value = await run();
    span.end();
    return value;
  } catch (error) {
    span.end(stateOf(error));
    throw error;
  }
}

/** What Postgres says of an error may repeat values; its code does not. */
function stateOf(error: unknown): unknown {
  if (typeof error === 'object' && error !== null && 'code' in error) return `error ${String(error.code)}`;
  return error instanceof Error ? error.name : 'error';
}
