import {LabError} from '../../errors.ts';
import type {ProxySpec, ToxicAttributes, ToxicKind, ToxicSpec} from '../fabric.ts';
import {bandwidth} from './bandwidth.ts';
import {blackhole} from './blackhole.ts';
import {cutoff} from './cutoff.ts';
import {dropReply} from './drop-reply.ts';
import {latency} from './latency.ts';
import {limitData} from './limit-data.ts';
import {noop} from './noop.ts';
import {refuse} from './refuse.ts';
import {replyStatus} from './reply-status.ts';
import {resetPeer} from './reset-peer.ts';
import {slicer} from './slicer.ts';
import {slowClose} from './slow-close.ts';
import {slowOpen} from './slow-open.ts';
import {timeout} from './timeout.ts';
import type {AttributeSchema, ToxicDefinition} from './toxic.ts';

/** Every kind of toxic. */
export const TOXICS: Readonly<Record<ToxicKind, ToxicDefinition>> = {
  latency,
  bandwidth,
  timeout,
  blackhole,
  cutoff,
  reset_peer: resetPeer,
  slow_close: slowClose,
  slow_open: slowOpen,
  slicer,
  limit_data: limitData,
  refuse,
  drop_reply: dropReply,
  reply_status: replyStatus,
  noop,
};

/**
 * Checks a toxic and fills in its defaults.
 *
 * @throws LabError UNKNOWN_FAULT, UNKNOWN_ATTRIBUTE, BAD_VALUE.
 */
export function validateToxic(spec: ToxicSpec): ToxicSpec {
  const definition = Object.hasOwn(TOXICS, spec.kind) ? TOXICS[spec.kind] : undefined;
  if (definition === undefined) {
    throw new LabError(
      'UNKNOWN_FAULT',
      `There is no toxic \`${spec.kind}\`; there are ${Object.keys(TOXICS).join(', ')}.`,
    );
  }
  const wrong = (what: string): LabError => new LabError('BAD_VALUE', `${spec.kind}: ${what}.`);
  if (typeof spec.id !== 'string' || spec.id === '') throw wrong('a toxic needs an id');
  if (!STREAMS.has(spec.stream)) throw wrong(`stream is upstream, downstream or both, not ${show(spec.stream)}`);
  if (!isBetween(spec.toxicity, 0, 1)) throw wrong(`toxicity is between 0 and 1, not ${show(spec.toxicity)}`);
  if (!Number.isFinite(spec.seed)) throw wrong(`seed is a number, not ${show(spec.seed)}`);
  if (spec.endsAt !== undefined && !Number.isFinite(spec.endsAt))
    throw wrong(`endsAt is a time in unix ms, not ${show(spec.endsAt)}`);
  if (definition.closesListener && spec.toxicity !== 1)
    throw wrong('it closes the listener for all, so its toxicity can only be 1');
  return {...spec, attributes: validateAttributes(definition, spec.attributes)};
}

/**
 * Checks the attributes of a kind of toxic and fills in the defaults.
 *
 * @throws LabError UNKNOWN_ATTRIBUTE, BAD_VALUE.
 */
export function validateAttributes(definition: ToxicDefinition, attributes: ToxicAttributes): ToxicAttributes {
  for (const name of Object.keys(attributes)) {
    if (Object.hasOwn(definition.attributes, name)) continue;
    const known = Object.keys(definition.attributes);
    const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
    throw new LabError('UNKNOWN_ATTRIBUTE', `${definition.kind} has no attribute \`${name}\`; ${takes}.`);
  }
  const result: Record<string, ToxicAttributes[string]> = {};
  for (const [name, schema] of Object.entries(definition.attributes)) {
    const given = attributes[name];
    const value = given === undefined && schema.type !== 'match' ? schema.default : given;
    if (value === undefined) continue;
    const wrong = wrongWith(schema, value);
    if (wrong !== undefined) throw new LabError(wrong.code, `${definition.kind}: ${name} ${wrong.text}.`);
    result[name] = value;
  }
  const contradiction = definition.contradiction?.(result);
  if (contradiction !== undefined) throw new LabError('BAD_VALUE', `${definition.kind}: ${contradiction}.`);
  return result;
}

/** @throws LabError NOT_POSSIBLE_HERE when the kind cannot work on this link. */
export function requirePossible(kind: ToxicKind, proxy: Pick<ProxySpec, 'name' | 'protocol'>): void {
  if (TOXICS[kind].httpOnly && proxy.protocol !== 'http') {
    throw new LabError('NOT_POSSIBLE_HERE', `${kind} reads HTTP, and ${proxy.name} carries ${proxy.protocol}.`);
  }
}

const STREAMS: ReadonlySet<unknown> = new Set(['upstream', 'downstream', 'both']);

interface Wrong {
  readonly code: 'UNKNOWN_ATTRIBUTE' | 'BAD_VALUE';
  readonly text: string;
}

function wrongWith(schema: AttributeSchema, value: unknown): Wrong | undefined {
  if (schema.type === 'number') {
    if (isBetween(value, schema.min, schema.max) && (schema.integer !== true || Number.isInteger(value)))
      return undefined;
    const unit = schema.unit === undefined || schema.unit === 'share' ? '' : ` (${schema.unit})`;
    return {
      code: 'BAD_VALUE',
      text: `is a ${schema.integer === true ? 'whole ' : ''}number between ${schema.min} and ${schema.max}${unit}, not ${show(value)}`,
    };
  }
  if (schema.type === 'choice') {
    if (typeof value === 'string' && schema.values.includes(value)) return undefined;
    return {code: 'BAD_VALUE', text: `is one of ${schema.values.join(', ')}, not ${show(value)}`};
  }
  return wrongWithMatch(value);
}

function wrongWithMatch(value: unknown): Wrong | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return {code: 'BAD_VALUE', text: `is an object with method and path, not ${show(value)}`};
  for (const [name, part] of Object.entries(value)) {
    if (name !== 'method' && name !== 'path')
      return {code: 'UNKNOWN_ATTRIBUTE', text: `has no \`${name}\`; it takes method and path`};
    if (part !== undefined && (typeof part !== 'string' || part === ''))
      return {code: 'BAD_VALUE', text: `${name} is a text, not ${show(part)}`};
    if (name === 'path' && typeof part === 'string' && !/^(?:\/|\*$)/.test(part))
      return {code: 'BAD_VALUE', text: `path begins with /, not ${show(part)}`};
  }
  return undefined;
}

function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
