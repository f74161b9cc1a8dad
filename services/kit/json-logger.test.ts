import {expect, it} from 'vitest';
import {createJsonLogger} from './json-logger.ts';
import {createRequestContexts} from './request-context.ts';
import {continueTrace} from './trace-context.ts';

it('writes JSON lines with the trace of the request under way and without secrets', () => {
  const lines: string[] = [];
  const contexts = createRequestContexts();
  const log = createJsonLogger({
    service: 'identity',
    node: 'identity-1',
    level: 'info',
    contexts,
    clock: {now: () => Date.UTC(2026, 0, 2)},
    destination: {write: line => void lines.push(line)},
  });
  const trace = continueTrace(undefined);
  contexts.run({trace, deadline: undefined, authorization: undefined}, () =>
    log.info({password: 'hunter2', headers: {authorization: 'Bearer x'}}, 'hello'),
  );
  log.debug({}, 'below the level');
  expect(lines.map(line => JSON.parse(line))).toEqual([
    {
      level: 'info',
      time: '2026-01-02T00:00:00.000Z',
      service: 'identity',
      node: 'identity-1',
      traceId: trace.traceId,
      spanId: trace.spanId,
      password: '[redacted]',
      headers: {authorization: '[redacted]'},
      msg: 'hello',
    },
  ]);
});
