import type {Delivery} from '../broker.ts';
import type {Row} from '../database.ts';

/** Columns of a message, as {@link toDelivery} reads them. */
export interface MessageRow extends Row {
  readonly partition: number;
  /** A bigint, which pg gives as text. */
  readonly position: string;
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly data: unknown;
  readonly headers: Record<string, string> | null;
  readonly published_at: Date;
  readonly deliveries: number;
}

export function toDelivery(stream: string, row: MessageRow): Delivery {
  return {
    stream,
    partition: row.partition,
    position: Number(row.position),
    id: row.id,
    key: row.key,
    type: row.type,
    data: row.data,
    ...(row.headers === null ? {} : {headers: row.headers}),
    deliveries: row.deliveries,
    publishedAt: row.published_at.getTime(),
  };
}
