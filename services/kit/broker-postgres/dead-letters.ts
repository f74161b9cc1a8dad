import type {DeadLetter} from '../broker.ts';
import {NoDeadLetterError} from '../broker-parts/no-dead-letter-error.ts';
import type {Session} from './session.ts';

interface DeadLetterRow extends Readonly<Record<string, unknown>> {
  readonly consumers: string;
  readonly position: string;
  readonly reason: string;
  readonly at: Date;
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly data: unknown;
  readonly headers: Record<string, string> | null;
}

/** Dead letters of a stream, the oldest first. Their ids are `<position>@<group>`. */
export async function readDeadLetters(session: Session, stream: string): Promise<readonly DeadLetter[]> {
  const rows = await session.query<DeadLetterRow>(
    `select d.consumers, d.position, d.reason, d.at, m.id, m.key, m.type, m.data, m.headers
     from broker.dead_letters d join broker.messages m on m.stream = d.stream and m.position = d.position
     where d.stream = $1 and d.redriven_at is null order by d.at, d.position`,
    [stream],
  );
  return rows.map(({consumers, position, reason, at, headers, id, key, type, data}) => ({
    id: `${position}@${consumers}`,
    stream,
    group: consumers,
    position: Number(position),
    reason,
    message: {id, key, type, data, ...(headers === null ? {} : {headers})},
    at: at.getTime(),
  }));
}

export async function redriveDeadLetter(session: Session, stream: string, id: string): Promise<void> {
  const [, position, group] = /^(\d{1,18})@(.+)$/s.exec(id) ?? [];
  const rows =
    position === undefined
      ? []
      : await session.query<{there: boolean}>('select broker.redrive($1, $2, $3) as there', [stream, group, position]);
  if (rows[0]?.there !== true) throw new NoDeadLetterError(stream, id);
}
