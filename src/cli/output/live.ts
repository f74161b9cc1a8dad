import type {Output} from '../context.ts';

/** A block of lines that is drawn again in place, on a terminal. */
export interface LiveBlock {
  draw(lines: readonly string[]): void;
  /** Takes the block away. */
  clear(): void;
}

export function createLiveBlock(stream: Output): LiveBlock {
  let drawn = 0;
  const clear = (): void => {
    if (drawn > 0) stream.write(`\u001b[${drawn}F\u001b[J`);
    drawn = 0;
  };
  return {
    clear,
    draw: lines => {
      clear();
      stream.write(`${lines.join('\n')}\n`);
      drawn = lines.length;
    },
  };
}
