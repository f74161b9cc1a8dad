import {isRecord} from './mistakes.ts';

/** Shorter ones would be found in everything. */
const SECRET_LENGTH_MIN = 4;
/** As much of a text in an output as a journal keeps, characters. */
const TEXT_MAX = 20_000;
const ELEMENTS_MAX = 1000;
const DEPTH_MAX = 20;

/** A value as a journal may keep it: without secrets, and of bounded size. */
export function keepable(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof value === 'string') return cut(withoutSecrets(value, secrets));
  if (depth > DEPTH_MAX) return '…';
  if (Array.isArray(value)) return value.slice(0, ELEMENTS_MAX).map(each => keepable(each, secrets, depth + 1));
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, ELEMENTS_MAX)
        .map(([key, each]) => [key, keepable(each, secrets, depth + 1)]),
    );
  if (typeof value === 'bigint') return String(value);
  return value === undefined ? null : value;
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({length}) => length >= SECRET_LENGTH_MIN)
    .toSorted((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (${text.length - TEXT_MAX} more characters)`;
}
