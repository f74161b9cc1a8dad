import {EventEmitter} from 'node:events';
import type {ScreenState} from './state.ts';
import {cells, clean} from './text/line.ts';

/** Where the screen is drawn: what Ink needs of a stream, and no more. */
export interface Terminal {
  /** To be handed to Ink as its stdout. */
  readonly stdout: NodeJS.WriteStream;
  size(): ScreenState['size'];
  /** Calls back when the terminal has another size; the old frame is gone by then. Returns what ends it. */
  onResize(listener: () => void): () => void;
}

/**
 * A terminal that keeps its history. Ink clears all of it when a frame is as high as the terminal, which a frame becomes when
 * the terminal is made smaller; and at every change of size it draws the old frame once more and erases as many rows as that
 * had, although the terminal may have wrapped them to more. So Ink gets a stream that clears no history and never tells of a
 * resize: the frame is erased here, and drawn again because the state changes.
 */
export function createTerminal(output: NodeJS.WriteStream): Terminal {
  let frame = '';
  let erased = false;
  const size = () => ({columns: output.columns || 80, rows: output.rows || 24});
  const eraseFrame = () => eraseAbove(Math.min(rowsOf(frame, size().columns), size().rows - 1));
  const write = (data: string | Uint8Array, ...rest: []): boolean => {
    if (typeof data !== 'string') return output.write(data, ...rest);
    let text = data;
    if (erased && BEFORE_FRAME.test(data)) {
      text = data.replace(BEFORE_FRAME, '');
      erased = false;
    } else text = data.replaceAll(CLEAR_TERMINAL, eraseFrame());
    if (text.includes('\n')) frame = text;
    return output.write(text, ...rest);
  };
  return {
    stdout: standIn(output, write),
    size,
    onResize: listener => {
      const resized = () => {
        if (!erased) output.write(eraseFrame());
        erased = true;
        listener();
      };
      output.on('resize', resized);
      return () => output.off('resize', resized);
    },
  };
}

/** The stream itself, but for its writing and for who hears of a resize. */
function standIn(output: NodeJS.WriteStream, write: (data: string | Uint8Array) => boolean): NodeJS.WriteStream {
  const quiet = new EventEmitter();
  return new Proxy(output, {
    get: (target, name) => {
      if (name === 'write') return write;
      if (name === 'on' || name === 'off') {
        return (event: string, listener: () => void) => (event === 'resize' ? quiet : target)[name](event, listener);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Rows that a frame takes above the cursor when its lines are wrapped at a width, as most terminals do when they get narrower. */
function rowsOf(frame: string, columns: number): number {
  const lines = clean(frame).split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(cells(line) / columns)), 0);
}

/** Row by row: terminals that keep their history save a screen into it that is cleared in one go. */
function eraseAbove(rows: number): string {
  return `${'\u001B[2K\u001B[1A'.repeat(rows)}\u001B[2K\r`;
}

const CLEAR_TERMINAL = '\u001B[2J\u001B[3J\u001B[H';
// What Ink writes before a frame: each row of the one before erased, from the cursor upwards, or the whole terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences begin with one.
const BEFORE_FRAME = /^(?:(?:\u001B\[2K(?:\u001B\[1A)?)+\u001B\[G|\u001B\[2J\u001B\[3J\u001B\[H)/;
