import {expect, it} from 'vitest';
import {childOf, continueTrace, isRecorded, traceHeaders, withoutRecord} from './trace-context.ts';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);

it('continues a valid trace in a span of its own', () => {
  const trace = continueTrace(`00-${TRACE}-${SPAN}-00`, 'vendor=1');
  expect(trace).toMatchObject({traceId: TRACE, parentId: SPAN, flags: '00', state: 'vendor=1'});
  expect(traceHeaders(trace).traceparent).toBe(`00-${TRACE}-${trace.spanId}-00`);
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

it('has children in the same trace, recorded or not as its first service has decided', () => {
  const trace = continueTrace(`00-${TRACE}-${SPAN}-03`);
  expect(childOf(trace)).toMatchObject({traceId: TRACE, parentId: trace.spanId, flags: '03'});
  expect([isRecorded(childOf(trace)), isRecorded(withoutRecord(trace)), withoutRecord(trace).flags]).toEqual([
    true,
    false,
    '02',
  ]);
});
