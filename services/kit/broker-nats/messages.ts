import type {Delivery, Message} from '../broker.ts';
import type {EncodedMessage} from '../broker-parts/encode.ts';
import {parseMessageSubject} from './names.ts';

/** A stored message, wherever it was read from. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** When the server stored it, unix ms. */
  readonly at: number;
  readonly data: Uint8Array;
}

/** A message as it is stored: JSON, with the data as it came. */
export function toPayload({id, key, type, data, headers}: EncodedMessage): Buffer {
  const name = (text: string): string => JSON.stringify(wellFormed(text));
  const more = headers === null ? '' : `,"headers":${headers}`;
  return Buffer.from(`{"id":${name(id)},"key":${name(key)},"type":${name(type)},"data":${data}${more}}`);
}

export function toMessage(data: Uint8Array): Message {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as Message;
}

export function toDelivery(stream: string, {subject, seq, at, data}: StoredMessage, deliveries: number): Delivery {
  const {partition} = parseMessageSubject(subject);
  return {stream, partition, position: seq, ...toMessage(data), deliveries, publishedAt: at};
}

/** Half a surrogate pair cannot be written as UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
