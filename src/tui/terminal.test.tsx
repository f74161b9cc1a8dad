import {EventEmitter} from 'node:events';
import {describe, expect, it, vi} from 'vitest';
import {createTerminal} from './terminal.ts';

class Output extends EventEmitter {
  columns = 20;
  rows = 10;
  readonly isTTY = true;
  readonly written: string[] = [];
  write = (data: string): boolean => this.written.push(data) > 0;
}

const ERASE_TWO = '\u001B[2K\u001B[1A\u001B[2K\u001B[1A\u001B[2K\u001B[G';
const erased = (rows: number) => `${'\u001B[2K\u001B[1A'.repeat(rows)}\u001B[2K\r`;

function open() {
  const output = new Output();
  const terminal = createTerminal(output as unknown as NodeJS.WriteStream);
  return {output, terminal};
}

describe('the terminal', () => {
  it('keeps its history when a frame was too high for it', () => {
    const {output, terminal} = open();
    terminal.stdout.write('one\ntwo\n');
    terminal.stdout.write('\u001B[2J\u001B[3J\u001B[Hthree\n');
    expect(output.written.join('')).not.toContain('\u001B[3J');
    expect(output.written.at(-1)).toBe(`${erased(2)}three\n`);
  });

  it('erases the frame when its size changes, and then lets nothing be erased above it', () => {
    const {output, terminal} = open();
    const resized = vi.fn();
    terminal.onResize(resized);
    terminal.stdout.write('one\ntwo\n');
    output.emit('resize');
    terminal.stdout.write(`${ERASE_TWO}three\n`);
    terminal.stdout.write(`${ERASE_TWO}four\n`);
    expect(resized).toHaveBeenCalledOnce();
    expect(output.written).toEqual(['one\ntwo\n', erased(2), 'three\n', `${ERASE_TWO}four\n`]);
  });

  it('counts the rows that a narrower terminal wrapped the frame to, but never more than it has', () => {
    const {output, terminal} = open();
    terminal.onResize(() => undefined);
    terminal.stdout.write('\u001B[1m12345678901234567890\u001B[22m\nshort\n日本語日本語\n');
    output.columns = 8;
    output.emit('resize');
    expect(output.written.at(-1)).toBe(erased(3 + 1 + 2));
    terminal.stdout.write('1\n2\n3\n4\n5\n');
    output.rows = 3;
    output.emit('resize');
    output.emit('resize');
    expect(output.written.filter(text => text === erased(2))).toEqual([]);
  });

  it('does not tell Ink of a new size', () => {
    const {output, terminal} = open();
    const heard = vi.fn();
    terminal.stdout.on('resize', heard);
    output.emit('resize');
    expect(heard).not.toHaveBeenCalled();
    expect(terminal.stdout.columns).toBe(20);
    expect(terminal.stdout.isTTY).toBe(true);
  });
});
