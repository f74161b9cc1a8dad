import {type FileHandle, mkdir, open, readFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {LabError} from '../errors.ts';
import type {FaultRecord} from './fault.ts';

/** The record of faults on disk: JSON Lines, one per change; the last line of an id is how it stands. */
export interface RecordFile {
  /** Settles when the line is in the file; with `durable`, when it would survive the machine. In order of the calls. */
  append(record: FaultRecord, options?: {readonly durable?: boolean}): Promise<void>;
  /** Each fault as it stands, oldest first. A line that a crash left half written is left out. */
  read(): Promise<readonly FaultRecord[]>;
  close(): Promise<void>;
}

export function createRecordFile(path: string): RecordFile {
  let file: FileHandle | undefined;
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  const write = async (record: FaultRecord, durable: boolean): Promise<void> => {
    // A newline first as well: it ends a line that an earlier process could not finish.
    const line = file === undefined ? `\n${JSON.stringify(record)}\n` : `${JSON.stringify(record)}\n`;
    if (file === undefined) await mkdir(dirname(path), {recursive: true, mode: 0o700});
    file ??= await open(path, 'a', 0o600);
    await file.appendFile(line);
    if (durable) await file.datasync();
  };

  return {
    append: async (record, options) => {
      // What was still being measured when the engine stopped comes too late.
      if (closed) return;
      const written = last.then(() => write(record, options?.durable === true));
      last = written.catch(() => {});
      return written.catch((error: NodeJS.ErrnoException) => {
        const code = error.code === 'ENOSPC' ? 'NO_SPACE' : 'NOT_ALLOWED';
        throw new LabError(code, `The fault record ${path} could not be written: ${error.message}.`, {cause: error});
      });
    },
    read: async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw new LabError('NOT_ALLOWED', `The fault record ${path} could not be read: ${error.message}.`, {
          cause: error,
        });
      });
      return [...new Map(text.split('\n').flatMap(parseLine)).values()];
    },
    close: async () => {
      closed = true;
      await last;
      await file?.close();
      file = undefined;
    },
  };
}

function parseLine(line: string): readonly (readonly [string, FaultRecord])[] {
  try {
    const record = JSON.parse(line) as FaultRecord;
    return [[record.id, record]];
  } catch {
    return [];
  }
}
