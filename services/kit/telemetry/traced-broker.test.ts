import {expect, it} from 'vitest';
import type {Broker, Delivery, Message} from '../broker.ts';
import {createRequestContexts} from '../request-context.ts';
import {childOf, continueTrace, type TraceContext, traceHeaders} from '../trace-context.ts';
import {NO_TELEMETRY, type SpanOptions, type Telemetry} from './telemetry.ts';
import {withTraces} from './traced-broker.ts';

interface Recorded extends SpanOptions {
  readonly trace: TraceContext;
  failure: unknown;
}

function recordingTelemetry(): Telemetry & {readonly spans: Recorded[]} {
  const spans: Recorded[] = [];
  const begin: Telemetry['begin'] = (trace, options) => {
    const span: Recorded = {...options, trace, failure: undefined};
    spans.push(span);
    return {
      trace,
      set: () => undefined,
      end: failure => {
        span.failure = failure;
      },
    };
  };
  return {...NO_TELEMETRY, isOn: true, begin, beginWithin: (parent, options) => begin(childOf(parent), options), spans};
}

/** Keeps what is published, and hands it over at once when somebody consumes. */
function looped(): Broker & {readonly published: Message[]} {
  const published: Message[] = [];
  return {
    published,
    publish: async (_stream: string, messages: readonly Message[]) => void published.push(...messages),
    consume: async (_options: unknown, handle: (batch: readonly Delivery[]) => Promise<unknown>) => {
      await handle(
        published.map(message => ({
          ...message,
          stream: 's',
          partition: 0,
          position: 1,
          deliveries: 1,
          publishedAt: 0,
        })),
      );
      return {stop: async () => undefined};
    },
  } as unknown as Broker & {readonly published: Message[]};
}

const message = (id: string, trace?: TraceContext): Message => ({
  id,
  key: id,
  type: 't',
  data: {},
  ...(trace === undefined ? {} : {headers: traceHeaders(trace)}),
});
const options = {stream: 's', group: 'g', member: 'm'};

it('carries a trace from the span of a message over its publication to its handling', async () => {
  const telemetry = recordingTelemetry();
  const contexts = createRequestContexts();
  const bare = looped();
  const broker = withTraces(bare, {contexts, telemetry, link: 'a->broker'});
  const origin = continueTrace(undefined);
  await broker.publish('s', [message('1', origin), message('2', origin)]);
  let within: TraceContext | undefined;
  await broker.consume(options, async batch => {
    within = contexts.current()?.trace;
    return batch.map(() => ({settle: 'ack'}) as const);
  });
  const [publish, process] = telemetry.spans;
  expect(telemetry.spans.map(({name}) => name)).toEqual(['publish s', 'process s']);
  expect(publish?.trace).toMatchObject({traceId: origin.traceId, parentId: origin.spanId});
  expect(process?.trace).toMatchObject({traceId: origin.traceId, parentId: publish?.trace.spanId});
  expect(process?.links?.map(({spanId}) => spanId)).toEqual([publish?.trace.spanId, publish?.trace.spanId]);
  expect(within).toEqual(process?.trace);
});

it('makes a batch of several traces a span of its own, linked to one of each', async () => {
  const telemetry = recordingTelemetry();
  const broker = withTraces(looped(), {contexts: createRequestContexts(), telemetry, link: 'a->broker'});
  const origins = [continueTrace(undefined), continueTrace(undefined)];
  await broker.publish(
    's',
    origins.map((origin, index) => message(String(index), origin)),
  );
  await broker.consume(options, async () => [{settle: 'ack'}, {settle: 'term', reason: 'bad'}]);
  const consumers = telemetry.spans.filter(({kind}) => kind === 'consumer');
  const batch = telemetry.spans.find(({name}) => name === 'batch s');
  expect(consumers.map(({trace}) => trace.traceId)).toEqual(origins.map(({traceId}) => traceId));
  expect(batch?.links?.map(({spanId}) => spanId)).toEqual(consumers.map(({trace}) => trace.spanId));
  expect(batch?.failure).toBe('term: bad');
});

it('gives a message without a trace the one that it is published in, and leaves all as it is without telemetry', async () => {
  const contexts = createRequestContexts();
  const bare = looped();
  const trace = continueTrace(undefined);
  const context = {trace, deadline: undefined, authorization: undefined};
  const telemetry = recordingTelemetry();
  await contexts.run(context, () =>
    withTraces(bare, {contexts, telemetry, link: 'a->broker'}).publish('s', [message('1')]),
  );
  expect(bare.published[0]?.headers?.traceparent).toContain(trace.traceId);
  const untouched = message('2');
  await contexts.run(context, () =>
    withTraces(bare, {contexts, telemetry: NO_TELEMETRY, link: 'a->broker'}).publish('s', [untouched]),
  );
  expect(bare.published[1]).toBe(untouched);
});
