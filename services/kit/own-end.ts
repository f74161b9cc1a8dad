import {writeSync} from 'node:fs';

/*
 * What the kit needs for the end of its process, taken as Node had it before a module of a learner was loaded: whatever such a module
 * replaces of Node afterwards, a crash point says and does the same.
 */
const {pid} = process;
const native = process as typeof process & Readonly<Record<'_kill', (pid: number, signal: number) => number>>;
const {_kill: sendSignal} = native;
const write = writeSync;
const SIGKILL = 9;
const WRITE_ATTEMPTS_MAX = 100_000;

/** Ends this process at once, as a crash would. */
export function endSelf(): void {
  sendSignal(pid, SIGKILL);
}

/** Writes a short line in one piece; tries again while the pipe is full, and gives up when it is closed. Calls nothing that can be replaced. */
export function writeLastWords(fd: number, line: string): void {
  for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt += 1) {
    try {
      write(fd, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}

/** Ways by which a process signals another one; the last has it open its debugger, which then obeys whoever connects. */
const DOORS = ['kill', '_kill', '_debugProcess'] as const;

/** From now on nothing in this process can signal another one, and who tries is told of. The kit's own way out stays open. */
export function lockSignals(onTry: (what: string) => void): void {
  for (const name of DOORS) {
    const refuse = (): never => {
      onTry(`process.${name}`);
      throw new Error('A module of a lab sends no signals.');
    };
    Object.defineProperty(process, name, {value: refuse, writable: false, configurable: false});
  }
}
