import {readSync, writeSync} from 'node:fs';
import {Socket} from 'node:net';
import type {ControlCommand, ControlReport} from './environment.ts';
import {endSelf, writeLastWords} from './own-end.ts';
import {parseCommand} from './parse-command.ts';
import type {ControlFd} from './parse-environment.ts';

/** The line to whoever supervises this process. */
export interface ControlChannel {
  /** Returns when the report is written: what comes next may be the end of this process. */
  report(report: ControlReport): void;
  /** From now on commands are handed over; lines that are none are left out. */
  listen(onCommand: (command: ControlCommand) => void): void;
  /** Settles when the supervisor has given its secret, or has let its time for that pass. No module of a learner is loaded before. */
  readonly introduced: Promise<void>;
  /** Takes in what has come, without the event loop: for somebody who holds it up. Ends this process like the loop, at the end of file. */
  look(): void;
}

// Taken before any code behind a seam is loaded.
const read = readSync;

/** Begins a report on stderr, where other words may come as well: RS, as in RFC 7464. */
const REPORT_MARK = '\u001e';
const WRITE_ATTEMPTS_MAX = 1_000;
const LINE_LENGTH_MAX = 65_536;
/** A supervisor gives its secret as soon as it has started a process. One that has none is not waited for longer than this, in ms. */
const SECRET_WITHIN_MS = 5_000;

/**
 * Opens the channel on a file descriptor and ends this process (SIGKILL) at its end of file: a service must not outlive its supervisor,
 * however that went. Without a descriptor nobody supervises, and reports go nowhere.
 */
export function openControlChannel(fd: ControlFd | undefined): ControlChannel {
  if (fd === undefined)
    return {report: () => undefined, listen: () => undefined, introduced: Promise.resolve(), look: () => undefined};
  const [inFd, outFd, mark] = fd === 'stdio' ? [0, 2, REPORT_MARK] : [fd, fd, ''];
  const socket = new Socket({fd: inFd, readable: true, writable: inFd === outFd});
  const listeners: ((command: ControlCommand) => void)[] = [];
  let rest = '';
  let secret = '';
  let introduce = (): void => undefined;
  const introduced = new Promise<void>(resolve => {
    const timer = setTimeout(resolve, SECRET_WITHIN_MS).unref();
    introduce = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  socket.setEncoding('utf8');
  const hear = (chunk: string): void => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const command of lines.map(parseCommand)) {
      if (command?.type === 'secret') {
        // The first one is the supervisor's; whoever writes here later may be somebody else.
        secret ||= command.secret;
        introduce();
      } else if (command !== undefined) for (const listener of listeners) listener(command);
    }
  };
  socket.on('data', hear);
  socket.on('error', endSelf);
  socket.on('close', endSelf);
  socket.on('end', endSelf);
  return {
    report: report => {
      if (report.type === 'crash-point') {
        const {point, at} = report;
        // Put together by hand: nobody may learn the secret by replacing what would do it.
        writeLastWords(outFd, `${mark}{"type":"crash-point","point":"${point}","at":${at},"secret":"${secret}"}\n`);
      } else writeLine(outFd, `${mark}${JSON.stringify(report)}\n`);
    },
    listen: onCommand => void listeners.push(onCommand),
    introduced,
    look: () => hear(readWaiting(inFd)),
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

/** What waits to be read on a descriptor that does not block. */
function readWaiting(fd: number): string {
  const bytes = Buffer.alloc(LINE_LENGTH_MAX);
  try {
    const length = read(fd, bytes);
    if (length === 0) endSelf();
    return bytes.toString('utf8', 0, length);
  } catch {
    // Nothing, or nothing yet.
    return '';
  }
}
