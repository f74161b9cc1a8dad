import type {KeyValue} from '../key-value.ts';

/** The space that holds settings. */
export const SETTINGS_SPACE = 'config';

export function settingsKey(service: string): string {
  return `settings/${service}`;
}

/** What stands in the store for a service. Only ever written by compare-and-set, so that each version is one. */
export interface SettingsDocument {
  /** Of the settings that all instances go by; 0: their own defaults. */
  readonly version: number;
  readonly settings?: unknown;
  /** What is to replace them, once one instance has shown that it does no harm. */
  readonly candidate?: {readonly version: number; readonly settings: unknown; readonly node?: string};
  /** The last candidate that was not taken, and why. */
  readonly refused?: {readonly version: number; readonly reason: string; readonly node: string};
}

export const NO_SETTINGS: SettingsDocument = {version: 0};

/** Anybody may have written there: what has another shape is no document. */
export function readDocument(value: unknown): SettingsDocument | undefined {
  if (value === undefined) return NO_SETTINGS;
  const raw = value as Partial<SettingsDocument> | null;
  if (typeof raw !== 'object' || raw === null || !isVersion(raw.version)) return undefined;
  const {candidate, refused} = raw;
  if (candidate !== undefined && (typeof candidate !== 'object' || candidate === null || !isVersion(candidate.version)))
    return undefined;
  if (refused !== undefined && (typeof refused !== 'object' || refused === null || !isVersion(refused.version)))
    return undefined;
  return raw as SettingsDocument;
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Nobody tries the candidate yet: this instance does from now on. */
export function claimed(document: SettingsDocument, node: string): SettingsDocument {
  const {candidate} = document;
  return candidate === undefined ? document : {...document, candidate: {...candidate, node}};
}

/** The candidate is what all go by. */
export function promoted({candidate, ...document}: SettingsDocument): SettingsDocument {
  return candidate === undefined ? document : {version: candidate.version, settings: candidate.settings};
}

/** The candidate is not taken. */
export function refused({candidate, ...document}: SettingsDocument, reason: string, node: string): SettingsDocument {
  return candidate === undefined ? document : {...document, refused: {version: candidate.version, reason, node}};
}

const TRIES_MAX = 10;

/**
 * Proposes settings for a service, in the place of a candidate that nobody has tried to the end. Returns their version. Errors: one when the
 * document is changed by others all the time; those of the store.
 */
export async function proposeSettings(
  store: Pick<KeyValue, 'get' | 'create' | 'compareAndSet'>,
  service: string,
  settings: unknown,
): Promise<number> {
  const key = settingsKey(service);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const entry = await store.get(key);
    const document = readDocument(entry?.value) ?? NO_SETTINGS;
    const versions = [document.version, document.candidate?.version ?? 0, document.refused?.version ?? 0];
    const version = Math.max(...versions) + 1;
    const next: SettingsDocument = {...document, candidate: {version, settings}};
    const written = entry === undefined ? store.create(key, next) : store.compareAndSet(key, next, entry.revision);
    if ((await written) !== undefined) return version;
  }
  throw new Error(`${key} is changed by others all the time.`);
}
