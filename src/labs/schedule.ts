import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {LabError} from '../errors.ts';
import {checkRequest} from '../faults/check-request.ts';
import type {TimedFault} from './lab.ts';

/** Faults of one timetable; the other side of a lab has to do with few. */
export const FAULTS_MAX = 2;
/** A fault begins and ends within this time, ms: the loads of labs are not longer. */
const WITHIN_MS = 60_000;
const VERSION = 1;
const CODE_LENGTH_MAX = 2_000;

/** What a friend needs to run the very same thing: a lab, a seed, and when which fault comes. */
export interface Schedule {
  readonly lab: string;
  readonly seed: number;
  /** Null: the lab's own. */
  readonly faults: readonly TimedFault[] | null;
}

/** A schedule as a code to send: `tl1-…`. The same schedule gives the same code. */
export function encodeSchedule({lab, seed, faults}: Schedule): string {
  const compact = faults?.map(({kind, target, attributes = {}, atMs, forMs}) => [
    kind,
    target,
    attributes,
    atMs,
    forMs,
  ]);
  const packed = deflateRawSync(JSON.stringify([lab, seed, compact ?? null]));
  return `tl${VERSION}-${packed.toString('base64url')}-${checksum(packed)}`;
}

/** Reads a code back. Errors: BAD_CODE for one that was cut or mistyped, NEWER_VERSION, and those of its faults. */
export function decodeSchedule(code: string): Schedule {
  const [, version, body = '', sum] = /^tl(\d+)-([\w-]+)-([0-9a-f]{4})$/.exec(code.trim()) ?? [];
  if (version === undefined || code.length > CODE_LENGTH_MAX) throw badCode('it does not read tl1-…');
  if (Number(version) > VERSION)
    throw new LabError(
      'NEWER_VERSION',
      `The code has version ${version}; this teralab reads up to version ${VERSION}.`,
    );
  const packed = Buffer.from(body, 'base64url');
  if (checksum(packed) !== sum || packed.toString('base64url') !== body)
    throw badCode('a character is missing or wrong');
  const value = unpacked(packed);
  if (!Array.isArray(value)) throw badCode('it holds no schedule');
  const [lab, seed, faults] = value as readonly unknown[];
  if (typeof lab !== 'string' || typeof seed !== 'number' || !Number.isSafeInteger(seed) || seed < 0)
    throw badCode('it holds no schedule');
  if (faults !== null && !Array.isArray(faults)) throw badCode('it holds no schedule');
  return {lab, seed, faults: faults === null ? null : checkTimetable(faults.map(asFault))};
}

/** Holds a timetable against the catalogue of faults. Errors: USAGE for too many or too late; UNKNOWN_FAULT, UNKNOWN_ATTRIBUTE, BAD_VALUE. */
export function checkTimetable(faults: readonly TimedFault[]): readonly TimedFault[] {
  if (faults.length === 0 || faults.length > FAULTS_MAX)
    throw new LabError('USAGE', `A timetable has one or two faults, not ${faults.length}.`);
  for (const {kind, target, attributes = {}, atMs, forMs} of faults) {
    checkRequest({kind, target, attributes, forMs, seed: 0, reason: 'schedule'});
    if (atMs < 0 || atMs + forMs > WITHIN_MS)
      throw new LabError('USAGE', `A fault begins and ends within the first ${WITHIN_MS / 1_000} s of the load.`);
  }
  return faults;
}

function asFault(value: unknown): TimedFault {
  const [kind, target, attributes, atMs, forMs] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (
    typeof kind !== 'string' ||
    typeof target !== 'string' ||
    typeof attributes !== 'object' ||
    attributes === null ||
    typeof atMs !== 'number' ||
    typeof forMs !== 'number'
  )
    throw badCode('one of its faults is none');
  return {kind, target, attributes, atMs, forMs} as TimedFault;
}

function unpacked(packed: Buffer): unknown {
  try {
    return JSON.parse(inflateRawSync(packed, {maxOutputLength: 100_000}).toString('utf8'));
  } catch {
    throw badCode('it holds no schedule');
  }
}

/** Four hexadecimal digits (Fletcher's checksum): enough to notice what was cut off or mistyped. */
function checksum(bytes: Uint8Array): string {
  let [low, high] = [0, 0];
  for (const byte of bytes) {
    low = (low + byte) % 255;
    high = (high + low) % 255;
  }
  return ((high << 8) | low).toString(16).padStart(4, '0');
}

function badCode(why: string): LabError {
  return new LabError('BAD_CODE', `This is no code of a schedule: ${why}.`);
}
