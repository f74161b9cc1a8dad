/**
 * The order in which to hand over messages with these keys, as indexes: drawn within each `window` of them, so that none moves by as many,
 * and each key keeps the order that it has.
 */
export function shuffleWindows(keys: readonly string[], window: number, draw: () => number): readonly number[] {
  const order: number[] = [];
  for (let from = 0; from < keys.length; from += window) {
    const part = keys.slice(from, from + window).map((key, index) => ({key, index: from + index}));
    // Places are drawn for keys; each key's messages then take its places in their own order.
    const places = shuffle(part, draw).map(({key}) => key);
    const next = new Map<string, number[]>();
    for (const {key, index} of part) next.set(key, [...(next.get(key) ?? []), index]);
    order.push(...places.map(key => next.get(key)?.shift() ?? 0));
  }
  return order;
}

/** Fisher and Yates. */
function shuffle<T>(values: readonly T[], draw: () => number): readonly T[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(draw() * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}
