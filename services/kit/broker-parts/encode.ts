import type {Message} from '../broker.ts';

/** Longest id, key or type; brokers keep indexes of them. */
const NAME_LENGTH_MAX = 500;

/** A message in the form in which brokers store it. */
export interface EncodedMessage {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  /** JSON. */
  readonly data: string;
  /** JSON. */
  readonly headers: string | null;
}

/** Throws a TypeError for a message that no broker takes. */
export function encodeMessage({id, key, type, data, headers}: Message): EncodedMessage {
  for (const [field, value] of Object.entries({id, key, type})) {
    if (typeof value !== 'string' || value.length > NAME_LENGTH_MAX || value.includes('\0')) {
      throw new TypeError(
        `The ${field} of a message must be a string of at most ${NAME_LENGTH_MAX} characters without NUL.`,
      );
    }
  }
  if (id === '') throw new TypeError('The id of a message must not be empty.');
  return {
    id,
    key,
    type,
    data: JSON.stringify(data) ?? 'null',
    headers: headers === undefined ? null : JSON.stringify(headers),
  };
}
