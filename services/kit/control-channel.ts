import {writeSync} from 'node:fs';
import {Socket} from 'node:net';
import type {ControlCommand, ControlReport} from './environment.ts';
import type {ControlFd} from './parse-environment.ts';

/** The line to whoever supervises this process. */
export interface ControlChannel {
  /** Returns when the report is written: what comes next may be the end of this process. */
  report(report: ControlReport): void;
  /** From now on commands are handed over; lines that are none are left out. */
  listen(onCommand: (command: ControlCommand) => void): void;
}

/** Begins a report on stderr, where other words may come as well: RS, as in RFC 7464. */
const REPORT_MARK = '\u001e';
const WRITE_ATTEMPTS_MAX = 1_000;
const LINE_LENGTH_MAX = 65_536;
const POINTS: ReadonlySet<unknown> = new Set([
  'before_commit',
  'after_commit_before_publish',
  'before_publish',
  'after_publish',
  'before_ack',
]);

/**
 * Opens the channel on a file descriptor and ends this process (SIGKILL) at its end of file: a service must not outlive its supervisor,
 * however that went. Without a descriptor nobody supervises, and reports go nowhere.
 */
export function openControlChannel(fd: ControlFd | undefined): ControlChannel {
  if (fd === undefined) return {report: () => undefined, listen: () => undefined};
  const [inFd, outFd, mark] = fd === 'stdio' ? [0, 2, REPORT_MARK] : [fd, fd, ''];
  const socket = new Socket({fd: inFd, readable: true, writable: inFd === outFd});
  const listeners: ((command: ControlCommand) => void)[] = [];
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const command of lines.map(parseCommand)) {
      if (command !== undefined) for (const listener of listeners) listener(command);
    }
  });
  socket.on('error', die);
  socket.on('close', die);
  socket.on('end', die);
  return {
    report: report => writeLine(outFd, `${mark}${JSON.stringify(report)}\n`),
    listen: onCommand => void listeners.push(onCommand),
  };
}

/** Writes to a descriptor that does not block: a full pipe is tried again, a closed one is left alone. */
function writeLine(fd: number, line: string): void {
  let bytes = Buffer.from(line);
  for (let attempt = 0; bytes.length > 0 && attempt < WRITE_ATTEMPTS_MAX; attempt += 1) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function parseCommand(line: string): ControlCommand | undefined {
  try {
    const value = JSON.parse(line) as Partial<Record<'type' | 'point' | 'skip' | 'offsetMs' | 'drift', unknown>> | null;
    if (value?.type === 'disarm') return {type: 'disarm'};
    if (value?.type === 'skew' && Number.isFinite(value.offsetMs) && Number.isFinite(value.drift))
      return value as ControlCommand;
    if (value?.type === 'arm' && POINTS.has(value.point) && Number.isSafeInteger(value.skip) && Number(value.skip) >= 0)
      return value as ControlCommand;
  } catch {
    // Not JSON: no command.
  }
  return undefined;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
