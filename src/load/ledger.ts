import {type FileHandle, open, readFile} from 'node:fs/promises';
import {LabError} from '../errors.ts';
import type {LedgerEntry} from './load.ts';

const FLUSH_EVERY_MS = 20;

/** Appends entries to a ledger, one JSON object a line. */
export interface LedgerWriter {
  /** Settles when the entry is in the file. */
  append(entry: LedgerEntry): Promise<void>;
  close(): Promise<void>;
}

/** Opens a ledger for appending; a line that a crash left half written is cut off first. Errors: NOT_ALLOWED, NO_SPACE. */
export async function openLedger(path: string): Promise<LedgerWriter> {
  const file = await explainingErrors(path, async () => {
    await cutTornLine(path);
    // It holds what clients sent, tokens and passwords too: nobody else's to read.
    return open(path, 'a', 0o600);
  });
  let lines: string[] = [];
  let batch: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    await new Promise(resolve => setTimeout(resolve, FLUSH_EVERY_MS));
    const text = lines.join('');
    lines = [];
    batch = undefined;
    await explainingErrors(path, () => file.appendFile(text));
  };
  let written: Promise<void> = Promise.resolve();

  return {
    append: entry => {
      lines.push(`${JSON.stringify(entry)}\n`);
      if (batch === undefined) {
        batch = written.then(write);
        written = batch;
      }
      return batch;
    },
    close: async () => {
      await written.finally(() => file.close());
    },
  };
}

/** Reads a ledger back. A torn last line, as a crash leaves it, is left out; anything else that is no entry is an error. */
export async function readLedger(path: string): Promise<readonly LedgerEntry[]> {
  const text = await explainingErrors(path, () => readFile(path, 'utf8'));
  const lines = text.split('\n');
  // What follows the last newline is empty, or torn.
  lines.pop();
  return lines.map((line, index) => parseLine(path, line, index + 1));
}

function parseLine(path: string, line: string, number: number): LedgerEntry {
  try {
    return JSON.parse(line) as LedgerEntry;
  } catch (error) {
    throw new LabError('INTERNAL', `Line ${number} of the ledger ${path} is no entry.`, {cause: error});
  }
}

async function cutTornLine(path: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    const content = await file.readFile();
    const end = content.lastIndexOf(0x0a) + 1;
    if (end < content.length) await file.truncate(end);
  } finally {
    await file.close();
  }
}

async function explainingErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'NO_SPACE' : 'NOT_ALLOWED';
    throw new LabError(kind, `The ledger ${path} could not be used: ${(error as Error).message}.`, {cause: error});
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
