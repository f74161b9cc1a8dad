import type {FastifyReply} from 'fastify';
import {Type} from 'typebox';

/** What a client carries: how much it has seen. */
export const POSITION_HEADER = 'x-position';
export const PositionHeaders = Type.Object({
  [POSITION_HEADER]: Type.Optional(
    Type.String({maxLength: 1_200, description: 'The last `x-position` of an answer: the read is not behind that'}),
  ),
});

const LENGTH_MAX = 200;

/** The position in a request's header; null where there is none, or none that was given. */
export function decodePosition(raw: string | undefined): string | null {
  if (raw === undefined || raw === '') return null;
  const text = Buffer.from(raw, 'base64url').toString();
  return text === '' || text.length > LENGTH_MAX || text.includes('\0') ? null : text;
}

/** Any text can be a position; headers take few characters. */
export function sendPosition(reply: FastifyReply, position: string | null): void {
  if (position === null) return;
  if (typeof position !== 'string' || position.length > LENGTH_MAX)
    throw new Error(`A position is a text of at most ${LENGTH_MAX} characters.`);
  reply.header(POSITION_HEADER, Buffer.from(position).toString('base64url'));
}
