import type {AttributeValue} from './span.ts';

/** A document that is not OTLP; the message says where. */
export class MalformedOtlpError extends Error {}

export type Json = Readonly<Record<string, unknown>>;

const ATTRIBUTES_MAX = 32;
const LIST_MAX = 20_000;
/** Longest text that is kept, characters. */
export const TEXT_MAX = 512;

export function readDocument(bytes: Uint8Array): Json {
  try {
    return record(JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes)), 'the body');
  } catch (error) {
    if (error instanceof MalformedOtlpError) throw error;
    throw new MalformedOtlpError('The body is not JSON.');
  }
}

export function record(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(what, 'an object');
  return value as Json;
}

/** A list of objects; one that is missing is empty, as in protobuf. */
export function records(value: unknown, what: string): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > LIST_MAX) return refuse(what, `a list of at most ${LIST_MAX}`);
  return value.map(each => record(each, `an element of ${what}`));
}

export function text(value: unknown, what: string): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return refuse(what, 'a text');
  return value.slice(0, TEXT_MAX);
}

/** An id of so many bytes, in hexadecimal; not all zeros. */
export function id(value: unknown, bytes: number, what: string): string {
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  if (lower.length !== bytes * 2 || !/^[0-9a-f]+$/.test(lower) || /^0+$/.test(lower))
    return refuse(what, `${bytes} bytes in hexadecimal`);
  return lower;
}

/** A whole number, which JSON of protobuf writes as a text where it has 64 bits. */
export function whole(value: unknown, what: string): number {
  if (value === undefined) return 0;
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return refuse(what, 'a number');
  return number;
}

/** Nanoseconds as ms. A double has room for both only when they are taken apart. */
export function unixMs(value: unknown, what: string): number {
  const digits = typeof value === 'number' && value >= 0 ? String(Math.floor(value)) : value;
  if (typeof digits !== 'string' || !/^\d{1,20}$/.test(digits)) return refuse(what, 'nanoseconds since 1970');
  const padded = digits.padStart(7, '0');
  return Number(padded.slice(0, -6)) + Number(padded.slice(-6)) / 1e6;
}

export function attributes(value: unknown, what: string): Record<string, AttributeValue> {
  const entries = records(value, what)
    .slice(0, ATTRIBUTES_MAX)
    .flatMap(({key, value: raw}) => {
      const plain = plainValue(record(raw ?? {}, `a value in ${what}`), what);
      return plain === undefined ? [] : [[text(key, `a key in ${what}`), plain] as const];
    });
  return Object.fromEntries(entries);
}

/** Lists and objects are told as JSON. */
function plainValue(value: Json, what: string): AttributeValue | undefined {
  if (value.stringValue !== undefined) return text(value.stringValue, what);
  if (typeof value.boolValue === 'boolean') return value.boolValue;
  if (value.intValue !== undefined) return whole(value.intValue, what);
  if (typeof value.doubleValue === 'number') return value.doubleValue;
  const composed = value.arrayValue ?? value.kvlistValue ?? value.bytesValue;
  return composed === undefined ? undefined : JSON.stringify(composed).slice(0, TEXT_MAX);
}

/** Whose telemetry it is. */
export function source(resource: unknown): {readonly service: string; readonly node: string} {
  const own = attributes(record(resource ?? {}, 'resource').attributes, 'resource.attributes');
  const service = String(own['service.name'] ?? 'unknown');
  return {service, node: String(own['service.instance.id'] ?? service)};
}

export function refuse(what: string, wanted: string): never {
  throw new MalformedOtlpError(`${what} is not ${wanted}.`);
}
