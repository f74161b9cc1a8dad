import {workerData} from 'node:worker_threads';
import {type FabricPlaces, ON_LOOPBACK} from '../fabric/link-proxy.ts';

/** What the threads of an agent are told when they start. */
export interface ThreadSettings {
  readonly places: FabricPlaces;
  /** Entries of ledgers go out as events: their files are on another machine, or outside of this container. */
  readonly carryLedgers: boolean;
}

export function threadSettings(): ThreadSettings {
  const given = workerData as Partial<ThreadSettings> | null;
  return {places: given?.places ?? ON_LOOPBACK, carryLedgers: given?.carryLedgers ?? false};
}
