import {freemem, totalmem} from 'node:os';
import {cancel, type Effect, later, monotonic} from './effect.ts';

const GROW_EVERY_MS = 50;
/** However much is asked for: a service takes no more of the machine than this share of it, … */
const SHARE_MAX = 0.25;
/** … and leaves this share of it to others. Only Linux says what could still be had. */
const LEFT_MIN = 0.1;
const onLinux = process.platform === 'linux';

/** A buffer that can grow in place, and gives its pages back at once when it shrinks. Node has them; the library of this language version has not. */
type Growing = ArrayBuffer & {resize(byteLength: number): void};
const GrowingBuffer = ArrayBuffer as unknown as new (
  byteLength: number,
  options: {readonly maxByteLength: number},
) => Growing;

/** Takes memory, and uses it, until a limit; then holds it. `machine` tells what there is, in bytes. */
export function createLeak(machine = {total: totalmem(), free: freemem}): Effect<'leak'> {
  let held: Growing | undefined;
  let timer: NodeJS.Timeout | undefined;
  let note: string | undefined;

  const grow = (buffer: Growing, bytesPerSecond: number, limitBytes: number, from: number): void => {
    const wanted = Math.min(limitBytes, Math.floor(((monotonic() - from) / 1000) * bytesPerSecond));
    const more = wanted - buffer.byteLength;
    if (more > 0 && onLinux && machine.free() - more < LEFT_MIN * machine.total) {
      note = 'the machine has no more to give';
    } else if (more > 0) {
      const before = buffer.byteLength;
      buffer.resize(wanted);
      // What nobody has written to takes no memory.
      new Uint8Array(buffer, before).fill(1);
      note = undefined;
    }
    if (buffer.byteLength < limitBytes)
      timer = later(() => grow(buffer, bytesPerSecond, limitBytes, from), GROW_EVERY_MS);
  };

  const stop = (): void => {
    cancel(timer);
    held?.resize(0);
    held = undefined;
    note = undefined;
  };

  return {
    start({bytesPerSecond, limitBytes: asked}) {
      stop();
      const limitBytes = Math.floor(Math.min(asked, SHARE_MAX * machine.total));
      held = new GrowingBuffer(0, {maxByteLength: limitBytes});
      grow(held, bytesPerSecond, limitBytes, monotonic());
    },
    stop,
    state: () => ({seen: 0, affected: held?.byteLength ?? 0, ...(note === undefined ? {} : {note})}),
  };
}
