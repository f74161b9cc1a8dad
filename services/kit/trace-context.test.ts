import {expect, it} from 'vitest';
import {continueTrace, traceHeaders} from './trace-context.ts';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);

it('continues a valid trace in a span of its own', () => {
  const trace = continueTrace(`00-${TRACE}-${SPAN}-00`, 'vendor=1');
  expect(trace).toMatchObject({traceId: TRACE, parentId: SPAN, flags: '00', state: 'vendor=1'});
  expect(traceHeaders(trace).traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${trace.spanId})[0-9a-f]{16}-00$`));
});

it.each([
  undefined,
  '',
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
])('begins a new trace for %s', traceparent => {
  expect(continueTrace(traceparent)).toMatchObject({
    traceId: expect.stringMatching(/^(?!a{32})[0-9a-f]{32}$/),
    parentId: undefined,
    flags: '01',
  });
});

it('takes a later version of the header with fields that it does not know', () => {
  expect(continueTrace(`01-${TRACE}-${SPAN}-01-more`)).toMatchObject({traceId: TRACE, parentId: SPAN});
});
