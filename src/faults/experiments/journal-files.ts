import {type FileHandle, mkdir, open, readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {asLabError, readVersioned, systemCode, writeAtomically, writeVersioned} from '../../files.ts';
import {type KnownProcess, processIs, processStartTime} from '../../runtime/process/leftovers.ts';
import type {Journal} from './journal.ts';
import {foldEvent, type JournalEvent, type JournalState} from './journal-events.ts';

const VERSION = 1;
export const EVENTS_FILE = 'events.jsonl';
export const JOURNAL_FILE = 'journal.json';

/** Where the journal of a run is, and who writes it. */
export interface RunRecord {
  readonly id: string;
  readonly folder: string;
  readonly workspace: string;
  readonly runner: Pick<KnownProcess, 'pid' | 'startTime'>;
}

/** A journal that grows with its run. */
export interface JournalWriter {
  /** Settles once the event is on the disk. Errors: NO_SPACE, NOT_ALLOWED. */
  write(event: JournalEvent): Promise<void>;
  /** Puts the whole journal beside the events, in one step. */
  close(journal: Journal): Promise<void>;
}

/** A run that is on record, as its files have it. */
export interface KnownRun {
  readonly record: RunRecord;
  readonly state: JournalState;
  /** `left`: its runner was killed before it could end the journal. */
  readonly how: 'ended' | 'running' | 'left';
}

/**
 * Begins the journal of a run, and notes where it is. The record comes first: whoever looks finds the run however early it is killed.
 * Errors: BAD_VALUE where the folder has a journal already, NO_SPACE, NOT_ALLOWED.
 */
export async function beginJournal(recordsFolder: string, record: Omit<RunRecord, 'runner'>): Promise<JournalWriter> {
  try {
    await mkdir(record.folder, {recursive: true, mode: 0o700});
  } catch (error) {
    throw asLabError(error, record.folder);
  }
  await refuseUsed(record.folder);
  const runner = {pid: process.pid, startTime: processStartTime(process.pid) ?? ''};
  await writeVersioned(join(recordsFolder, `${record.id}.json`), VERSION, {...record, runner} satisfies RunRecord);
  return openJournal(record.folder);
}

async function refuseUsed(folder: string): Promise<void> {
  const used = (await readdir(folder)).find(name => name === EVENTS_FILE || name === JOURNAL_FILE);
  if (used !== undefined)
    throw new LabError('BAD_VALUE', `${folder} holds the journal of another run (${used}): name another folder.`);
}

/** Goes on with a journal that is there. */
export async function openJournal(folder: string): Promise<JournalWriter> {
  const file = join(folder, EVENTS_FILE);
  const explain = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asLabError(error, file);
    }
  };
  const handle: FileHandle = await explain(async () => open(file, 'a', 0o600));
  // A kill may have torn the last line: what follows begins a new one.
  if ((await handle.stat()).size > 0) await explain(async () => handle.appendFile('\n'));
  let last: Promise<void> = Promise.resolve();
  return {
    write: event => {
      const written = last.then(async () =>
        explain(async () => {
          await handle.appendFile(`${JSON.stringify(event)}\n`);
          await handle.datasync();
        }),
      );
      last = written.catch(() => undefined);
      return written;
    },
    close: async journal => {
      await last;
      await handle.close();
      await writeAtomically(join(folder, JOURNAL_FILE), `${JSON.stringify(journal, undefined, 2)}\n`);
    },
  };
}

/** All runs on record, oldest first. What cannot be read (a folder that was removed) is left out. */
export async function knownRuns(recordsFolder: string): Promise<readonly KnownRun[]> {
  let names: readonly string[];
  try {
    names = (await readdir(recordsFolder)).filter(name => name.endsWith('.json'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw asLabError(error, recordsFolder);
  }
  const runs = await Promise.all(names.map(async name => knownRun(join(recordsFolder, name)).catch(() => undefined)));
  return runs.filter(run => run !== undefined).sort((a, b) => a.state.journal.start - b.state.journal.start);
}

async function knownRun(file: string): Promise<KnownRun | undefined> {
  const record = await readVersioned<RunRecord>(file, VERSION);
  if (record === undefined) return undefined;
  const state = await readEvents(join(record.folder, EVENTS_FILE));
  if (state === undefined) return undefined;
  if (state.journal.status !== 'running') return {record, state, how: 'ended'};
  return {record, state, how: processIs(record.runner) ? 'running' : 'left'};
}

/** What the events say so far. A last line that a kill has torn is left out. */
export async function readEvents(file: string): Promise<JournalState | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  lines.pop();
  let state: JournalState | undefined;
  for (const line of lines) {
    try {
      state = foldEvent(state, JSON.parse(line) as JournalEvent);
    } catch {
      // A torn line, or the empty one that was put behind it.
    }
  }
  return state;
}
