import type {Broker, ConsumeOptions, Delivery, Message, Settlement} from '../broker.ts';
import type {Handle} from '../broker-parts/consume.ts';
import type {RequestContexts} from '../request-context.ts';
import {continueTrace, parentOf, type TraceContext, traceHeaders} from '../trace-context.ts';
import type {OpenSpan} from './span.ts';
import type {Telemetry} from './telemetry.ts';

export interface TracedBrokerOptions {
  readonly contexts: RequestContexts;
  readonly telemetry: Telemetry;
  /** `identity->broker`. */
  readonly link: string;
}

/**
 * The same broker, whose messages carry the trace on. Publishing is a span within the one that a message's headers name (it may lie in an
 * outbox for a while, so that the request that made it is long over), and the message is told of that span. Handling it is a span within
 * that one, linked to it.
 */
export function withTraces(broker: Broker, options: TracedBrokerOptions): Broker {
  return {
    ...broker,
    publish: (stream, messages) => publish(broker, stream, messages, options),
    consume: (consumeOptions, handle) => broker.consume(consumeOptions, traced(consumeOptions, handle, options)),
  };
}

/** One span for each context that messages of the call come from. */
async function publish(
  broker: Broker,
  stream: string,
  messages: readonly Message[],
  {contexts, telemetry, link}: TracedBrokerOptions,
): Promise<void> {
  if (!telemetry.isOn) return broker.publish(stream, messages);
  const spans = new Map<string, OpenSpan>();
  const current = contexts.current()?.trace;
  const counts = new Map<string, number>();
  const carried = messages.map(message => {
    const parent = parentOf(message.headers?.traceparent, message.headers?.tracestate) ?? current;
    if (parent === undefined) return message;
    const span =
      spans.get(parent.spanId) ??
      telemetry.beginWithin(parent, {
        name: `publish ${stream}`,
        kind: 'producer',
        attributes: {...messaging(stream, link), 'messaging.operation.type': 'send'},
      });
    spans.set(parent.spanId, span);
    counts.set(parent.spanId, (counts.get(parent.spanId) ?? 0) + 1);
    return {...message, headers: {...message.headers, ...traceHeaders(span.trace)}};
  });
  for (const [key, span] of spans) span.set({'messaging.batch.message_count': counts.get(key)});
  const end = (failure?: unknown): void => {
    for (const span of spans.values()) span.end(failure);
  };
  await broker.publish(stream, carried).then(
    () => end(),
    error => {
      end(error);
      throw error;
    },
  );
}

function traced(
  {stream, group}: ConsumeOptions,
  handle: Handle,
  {contexts, telemetry, link}: TracedBrokerOptions,
): Handle {
  return async (batch, claim) => {
    const parents = distinctParents(batch);
    if (parents.length === 0) return handle(batch, claim);
    const spans = parents.map(({parent, messages}) =>
      telemetry.beginWithin(parent, {
        name: `process ${stream}`,
        kind: 'consumer',
        attributes: {
          ...messaging(stream, link),
          'messaging.operation.type': 'process',
          'messaging.consumer.group.name': group,
          'messaging.destination.partition.id': String(batch[0]?.partition),
          'messaging.batch.message_count': messages.length,
          'teralab.deliveries': messages[0]?.deliveries,
        },
        links: messages.map(() => parent),
      }),
    );
    const [only] = spans;
    const whole = spans.length === 1 && only !== undefined ? only : beginBatch(telemetry, stream, spans);
    const end = (failure?: unknown): void => {
      for (const span of new Set([whole, ...spans])) span.end(failure);
    };
    try {
      const context = {trace: whole.trace, deadline: undefined, authorization: undefined};
      const settlements = await contexts.run(context, () => handle(batch, claim));
      end(failureOf(settlements));
      return settlements;
    } catch (error) {
      end(error);
      throw error;
    }
  };
}

/**
 * What is done for messages of several traces at once belongs to none of them: it is a trace of its own, linked to the span of each
 * message.
 */
function beginBatch(telemetry: Telemetry, stream: string, spans: readonly OpenSpan[]): OpenSpan {
  const links = spans.map(({trace}) => trace);
  const begun = continueTrace(undefined);
  const recorded = spans.find(({trace}) => trace.flags !== '00');
  const span = telemetry.begin(
    {...begun, flags: recorded?.trace.flags ?? '00'},
    {name: `batch ${stream}`, kind: 'internal', attributes: {'messaging.batch.message_count': spans.length}, links},
  );
  for (const each of spans) each.set({'teralab.batch': span.trace.traceId});
  return span;
}

interface FromOneParent {
  readonly parent: TraceContext;
  readonly messages: readonly Delivery[];
}

function distinctParents(batch: readonly Delivery[]): readonly FromOneParent[] {
  const found = new Map<string, {parent: TraceContext; messages: Delivery[]}>();
  for (const message of batch) {
    const parent = parentOf(message.headers?.traceparent, message.headers?.tracestate);
    if (parent === undefined) continue;
    const known = found.get(parent.spanId);
    if (known === undefined) found.set(parent.spanId, {parent, messages: [message]});
    else known.messages.push(message);
  }
  return [...found.values()];
}

function messaging(stream: string, link: string): Record<string, string> {
  return {'messaging.destination.name': stream, 'teralab.link': link};
}

function failureOf(settlements: unknown): string | undefined {
  if (!Array.isArray(settlements)) return undefined;
  const failed = (settlements as readonly (Settlement | undefined)[]).find(each => each?.settle !== 'ack');
  if (failed === undefined) return undefined;
  return `${failed.settle}: ${failed.reason ?? 'no reason given'}`;
}
