import type {Exchange} from './http/exchange.ts';
import type {Item} from './lane.ts';

/** Larger ones are worth a write of their own. */
const SMALL_BYTES = 16 * 1024;
const MERGED_MAX_BYTES = 64 * 1024;

export type Bytes = Extract<Item, {kind: 'bytes'}>;

/** Joins small pieces that follow each other: what leaves all at once leaves in few writes, however small it came. */
export function merge(items: readonly Item[]): readonly Item[] {
  if (items.length < 2) return items;
  const merged: Item[] = [];
  let open: Bytes[] = [];
  let openBytes = 0;
  const close = (): void => {
    if (open.length > 0) merged.push(join(open));
    open = [];
    openBytes = 0;
  };
  for (const item of items) {
    const isSmall = item.kind === 'bytes' && item.bytes.length <= SMALL_BYTES;
    if (!isSmall || openBytes + item.bytes.length > MERGED_MAX_BYTES) close();
    if (!isSmall) {
      merged.push(item);
      continue;
    }
    open.push(item);
    openBytes += item.bytes.length;
  }
  close();
  return merged;
}

/** The first `size` bytes of an item, and the rest, which completes what the item completes. */
export function split(item: Bytes, size: number): readonly [Bytes, Bytes] {
  return [
    {kind: 'bytes', bytes: item.bytes.subarray(0, size)},
    {...item, bytes: item.bytes.subarray(size)},
  ];
}

function join(items: readonly Bytes[]): Bytes {
  const [first] = items;
  if (items.length === 1 && first !== undefined) return first;
  const bytes = Buffer.concat(items.map(item => item.bytes));
  const completes: readonly Exchange[] = items.flatMap(item => item.completes ?? []);
  return completes.length === 0 ? {kind: 'bytes', bytes} : {kind: 'bytes', bytes, completes};
}
