import {open, stat} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';

/** Polled, since change notices do not come on every file system. */
const POLL_EVERY_MS = 200;
/** As much of a file's end as is searched for its last lines, bytes. */
const TAIL_BYTES_MAX = 4_000_000;

/** A file's last lines, and the position after them, from which `follow` goes on. */
export async function lastLines(
  file: string,
  count: number,
): Promise<{readonly lines: readonly string[]; readonly position: number}> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return {lines: [], position: 0};
  try {
    const {size} = await handle.stat();
    const length = Math.min(size, TAIL_BYTES_MAX);
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(10) + 1;
    const all = end === 0 ? [] : bytes.toString('utf8', 0, end - 1).split('\n');
    // The first line may have been cut in two.
    if (length < size) all.shift();
    return {lines: count === 0 ? [] : all.slice(-count), position: size - length + end};
  } finally {
    await handle.close();
  }
}

/** Whole lines as they are written, until the signal aborts. A file that was put aside for a new one is read from its start. */
export async function follow(
  file: string,
  from: number,
  onLines: (lines: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let position = from;
  while (!signal.aborted) {
    const size = (await stat(file).catch(() => undefined))?.size ?? 0;
    if (size < position) position = 0;
    if (size > position) {
      const read = await linesAfter(file, position);
      position = read.position;
      if (read.lines.length > 0) onLines(read.lines);
    }
    await delay(POLL_EVERY_MS, undefined, {signal}).catch(() => undefined);
  }
}

async function linesAfter(
  file: string,
  position: number,
): Promise<{readonly lines: readonly string[]; readonly position: number}> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return {lines: [], position};
  try {
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(TAIL_BYTES_MAX), 0, TAIL_BYTES_MAX, position);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(10) + 1;
    // A line longer than the buffer is given in pieces rather than waited for without end.
    if (end === 0)
      return bytesRead < TAIL_BYTES_MAX
        ? {lines: [], position}
        : {lines: [bytes.toString('utf8')], position: position + bytesRead};
    return {lines: bytes.toString('utf8', 0, end - 1).split('\n'), position: position + end};
  } finally {
    await handle.close();
  }
}
