import {LabError} from '../../errors.ts';
import type {Stream, ToxicAttributes, ToxicKind} from '../fabric.ts';
import {TOXICS, validateToxic} from '../toxics/registry.ts';
import {fieldsOf} from './fields.ts';
import type {ApiToxic, ApiUpdate} from './port.ts';
import {Refusal} from './reply.ts';
import type {SeenToxic} from './view.ts';

/** Written by Toxiproxy's clients, ours on top of it, and what we only answer with. */
const FIELDS = ['name', 'type', 'stream', 'toxicity', 'attributes', 'expires_in', 'expires_at', 'seed', 'owner'];
const STREAMS: readonly string[] = ['upstream', 'downstream', 'both'];
const FOR_MAX_MS = 86_400_000;
const SEED_MAX = 0xffff_ffff;
const UNIT_MS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};
export const NAME_LENGTH_MAX = 200;

/** A toxic as a client writes it, with Toxiproxy's defaults, checked whole. */
export function parseToxic(raw: unknown, proxy: string, drawSeed: () => number): ApiToxic {
  const fields = fieldsOf(raw, FIELDS);
  const stream = (fields.text('stream') ?? 'downstream').toLowerCase();
  if (!STREAMS.includes(stream))
    throw new Refusal(400, 'stream was invalid, can be either upstream or downstream', 'Or both.');
  const type = fields.text('type') ?? '';
  if (!Object.hasOwn(TOXICS, type))
    throw new Refusal(400, 'invalid toxic type', `There are ${Object.keys(TOXICS).join(', ')}.`);
  const given = fields.text('name') ?? '';
  const name = given === '' ? `${type}_${stream}` : requireName(given);
  const forMs = lifetime(fields.any('expires_in'), fields.text('expires_at'));
  return check({
    name,
    kind: type as ToxicKind,
    proxy,
    stream: stream as Stream,
    toxicity: fields.number('toxicity') ?? 1,
    attributes: attributesOf(fields.object('attributes') ?? {}),
    seed: seedOf(fields.number('seed')) ?? drawSeed(),
    ...(forMs === undefined ? {} : {forMs}),
  });
}

/** Attributes are merged into those that it has; what it is and where stays. */
export function parseUpdate(raw: unknown, {state}: SeenToxic): ApiUpdate {
  const fields = fieldsOf(raw, FIELDS);
  const lasting = fields.any('expires_in') === 0;
  const forMs = lasting ? null : lifetime(fields.any('expires_in'), undefined);
  const {kind, stream, seed, attributes: before} = state;
  const {attributes, toxicity} = check({
    kind,
    stream,
    seed,
    proxy: state.proxies[0] ?? '',
    toxicity: fields.number('toxicity') ?? state.toxicity,
    attributes: {...before, ...attributesOf(fields.object('attributes') ?? {})},
  });
  return {id: state.id, attributes, toxicity, ...(forMs === undefined ? {} : {forMs})};
}

/** Each is a step that every chunk takes. */
const TOXICS_MAX = 100;

export function requireRoomForToxics(proxy: string, count: number): void {
  if (count > TOXICS_MAX) throw new Refusal(400, `${proxy} can have ${TOXICS_MAX} toxics, not ${count}`);
}

/** All toxics that a proxy is to have: each with a name of its own, and not too many. */
export function requireApart(proxy: string, toxics: readonly ApiToxic[]): void {
  if (new Set(toxics.map(({name}) => name)).size < toxics.length)
    throw new Refusal(409, 'toxic already exists', `Two toxics of ${proxy} have the same name.`);
  requireRoomForToxics(proxy, toxics.length);
}

export function requireName(name: string): string {
  if (name.length > NAME_LENGTH_MAX)
    throw new Refusal(400, `bad request body: a name has at most ${NAME_LENGTH_MAX} characters`);
  return name;
}

/** With the defaults of its kind. @throws Refusal 400, which names what is wrong. */
function check(toxic: ApiToxic): ApiToxic {
  try {
    const {attributes} = validateToxic({...toxic, id: 'new', proxies: [toxic.proxy]});
    return {...toxic, attributes};
  } catch (error) {
    throw error instanceof LabError ? new Refusal(400, `bad request body: ${error.message}`) : error;
  }
}

/** As they came: their kind says which there are and what they may be. Null is absent, as everywhere. */
function attributesOf(raw: Readonly<Record<string, unknown>>): ToxicAttributes {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null)) as ToxicAttributes;
}

/** Milliseconds of `1500`, `"1500ms"`, `"30s"`, `"2m"`, or until a moment that was answered before. */
function lifetime(duration: unknown, until: string | undefined): number | undefined {
  if (duration === undefined || duration === null)
    return until === undefined ? undefined : requireLifetime(Date.parse(until) - Date.now(), 'expires_at', until);
  if (typeof duration === 'number') return requireLifetime(duration, 'expires_in', duration);
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(duration).trim()) ?? [];
  return requireLifetime(Number(digits) * (UNIT_MS[unit] ?? 1), 'expires_in', duration);
}

function requireLifetime(ms: number, field: string, given: unknown): number {
  if (ms >= 1 && ms <= FOR_MAX_MS) return ms;
  throw new Refusal(
    400,
    `bad request body: ${field} is from 1 ms to 24 hours from now, as in 1500, "1500ms", "30s" or "2m", not ${JSON.stringify(given)}`,
  );
}

function seedOf(seed: number | undefined): number | undefined {
  if (seed === undefined || (Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX)) return seed;
  throw new Refusal(400, `bad request body: seed is a whole number from 0 to ${SEED_MAX}, not ${seed}`);
}
