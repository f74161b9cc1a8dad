import {workerData} from 'node:worker_threads';
import {type FabricPlaces, ON_LOOPBACK} from '../fabric/link-proxy.ts';
import type {ReceiverPlace} from '../observe/receiver.ts';

/** What the threads of an agent are told when they start. */
export interface ThreadSettings {
  readonly places: FabricPlaces;
  /** Entries of ledgers go out as events: their files are on another machine, or outside of this container. */
  readonly carryLedgers: boolean;
  /** Where telemetry is taken, unless the main thread does that. */
  readonly receiver?: ReceiverPlace;
}

export function threadSettings(): ThreadSettings {
  const given = workerData as Partial<ThreadSettings> | null;
  return {
    places: given?.places ?? ON_LOOPBACK,
    carryLedgers: given?.carryLedgers ?? false,
    ...(given?.receiver === undefined ? {} : {receiver: given.receiver}),
  };
}
