import type {Entry} from '../key-value.ts';
import {claimed, promoted, readDocument, refused, type SettingsDocument, settingsKey} from '../settings/document.ts';
import type {Answers, Config, ConfigTools, CreateConfig} from './config.ts';

const READ_EVERY_MS = 1_000;
/** A start waits for the store no longer than this. */
const START_WITHIN_MS = 500;
/** So long one instance tries a candidate before the others follow. */
const TRIAL_MS = 5_000;
/** It is given up early when so many answers have failed. */
const FAILED_EARLY = 10;
/** Of the answers during a trial more than this may not fail, on top of what failed before. */
const FAILED_SHARE_MAX = 0.05;
/** An instance that tries a candidate and says nothing of it for so long has ended. */
const TRIAL_LOST_MS = 4 * TRIAL_MS;

interface Trial {
  readonly version: number;
  readonly since: number;
  readonly before: Answers;
  readonly shareBefore: number;
}

/**
 * Settings in versions. A candidate is checked by whoever finds it first, and tried by that instance alone; when its answers are as before the
 * others follow, and else it is refused and says why. What cannot be read or used changes nothing, and a start without the store goes by what
 * was kept.
 */
export const createConfig: CreateConfig = <S>(tools: ConfigTools<S>): Config<S> => {
  const {clock, keep, log, node, parse, store} = tools;
  const key = settingsKey(tools.service);
  const stopping = new AbortController();
  let current = tools.defaults;
  /** Of the settings in force; -1: they are not from the store. */
  let version = -1;
  let trial: Trial | undefined;
  let seen: {readonly revision: number; readonly since: number} | undefined;
  let told = '';

  function say(level: 'info' | 'warn', facts: object, message: string): void {
    const text = `${message} ${JSON.stringify(facts)}`;
    if (text !== told) log[level](facts, message);
    told = text;
  }

  function attempt(raw: unknown): {readonly settings: S} | {readonly reason: string} {
    try {
      return {settings: parse(raw)};
    } catch (error) {
      return {reason: error instanceof Error ? error.message : String(error)};
    }
  }

  /** The settings that all go by. */
  async function follow(document: SettingsDocument): Promise<void> {
    if (document.version === version) return;
    const raw = document.version === 0 ? undefined : document.settings;
    const found = document.version === 0 ? {settings: tools.defaults} : attempt(raw);
    if ('reason' in found) {
      say(
        'warn',
        {version: document.version, reason: found.reason},
        'these settings cannot be used: the ones before go on',
      );
      return;
    }
    current = found.settings;
    version = document.version;
    say('info', {version}, 'settings are in force');
    if (raw !== undefined) await keep.write(raw).catch(error => log.debug({err: error}, 'settings cannot be kept'));
  }

  async function write(entry: Entry | undefined, document: SettingsDocument): Promise<boolean> {
    const written =
      entry === undefined ? store.create(key, document) : store.compareAndSet(key, document, entry.revision);
    return (await written) !== undefined;
  }

  async function refuse(entry: Entry | undefined, document: SettingsDocument, reason: string): Promise<void> {
    trial = undefined;
    await follow(document);
    if (await write(entry, refused(document, reason, node)))
      say('warn', {version: document.candidate?.version, reason}, 'a candidate was refused');
  }

  async function begin(entry: Entry | undefined, document: SettingsDocument): Promise<void> {
    const {candidate} = document;
    if (candidate === undefined) return;
    const found = attempt(candidate.settings);
    if ('reason' in found) return refuse(entry, document, found.reason);
    if (!(await write(entry, claimed(document, node)))) return;
    const before = tools.answers();
    trial = {version: candidate.version, since: clock.monotonic(), before, shareBefore: shareOf(before)};
    current = found.settings;
    version = candidate.version;
    say('info', {version}, 'a candidate is tried here');
  }

  /** What the answers say of the candidate so far. */
  async function judge(
    entry: Entry | undefined,
    document: SettingsDocument,
    {since, before, shareBefore}: Trial,
  ): Promise<void> {
    const now = tools.answers();
    const during = {answered: now.answered - before.answered, failed: now.failed - before.failed};
    const isBad = shareOf(during) > shareBefore + FAILED_SHARE_MAX;
    const isOver = clock.monotonic() - since >= TRIAL_MS;
    if (isBad && (isOver || during.failed >= FAILED_EARLY))
      return refuse(entry, document, `${during.failed} of ${during.answered} answers failed with it`);
    if (!isOver || !(await write(entry, promoted(document)))) return;
    trial = undefined;
    await keep.write(document.candidate?.settings).catch(error => log.debug({err: error}, 'settings cannot be kept'));
    say('info', {version, answered: during.answered}, 'a candidate is taken');
  }

  async function look(): Promise<void> {
    const entry = await store.get(key);
    const document = readDocument(entry?.value);
    if (document === undefined) return say('warn', {key}, 'what stands there is no document of settings');
    if (seen?.revision !== entry?.revision) seen = {revision: entry?.revision ?? 0, since: clock.monotonic()};
    const {candidate} = document;
    const isTried = trial !== undefined && candidate?.version === trial.version && candidate.node === node;
    if (isTried && trial !== undefined) return judge(entry, document, trial);
    // The trial was ended by somebody else.
    trial = undefined;
    await follow(document);
    if (candidate === undefined) return;
    if (candidate.node === undefined) return begin(entry, document);
    if (candidate.node === node) return refuse(entry, document, `${node} ended while it tried it`);
    const silentMs = clock.monotonic() - (seen?.since ?? 0);
    if (silentMs > TRIAL_LOST_MS) await refuse(entry, document, `${candidate.node} tried it and was heard of no more`);
  }

  async function lookForEver(onLook: () => void): Promise<void> {
    while (!stopping.signal.aborted) {
      await look().catch(error =>
        say(
          version === -1 ? 'info' : 'warn',
          {reason: String(error)},
          'the store of settings cannot be read: nothing changes',
        ),
      );
      onLook();
      await clock.sleep(READ_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  }

  async function startFromKept(): Promise<void> {
    const raw = await keep.read().catch(() => undefined);
    const found = raw === undefined ? {reason: 'nothing was kept'} : attempt(raw);
    if ('reason' in found) return say('info', {reason: found.reason}, 'the settings are the defaults');
    current = found.settings;
    say('info', {}, 'the settings are those that were kept');
  }

  return {
    current: () => current,
    async start() {
      await startFromKept();
      // A store that cannot be reached yet is not waited for: what was kept is good.
      const first = new AbortController();
      void lookForEver(() => first.abort());
      await clock.sleep(START_WITHIN_MS, AbortSignal.any([first.signal, stopping.signal])).catch(() => undefined);
    },
    async stop() {
      stopping.abort();
    },
  };
};

function shareOf({answered, failed}: Answers): number {
  return answered === 0 ? 0 : failed / answered;
}
