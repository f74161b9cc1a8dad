import {createApi} from '../../fabric/api/api.ts';
import type {Place} from '../bypasses.ts';
import type {Live} from '../live.ts';
import {livePort} from './live-port.ts';
import {serve, type ToxiproxyApi} from './serve.ts';

export interface LiveToxiproxyApi extends ToxiproxyApi {
  /** Where clients of the API go, and no service has any business: the API knows of faults, and its proxies lead anywhere. */
  places(): readonly Place[];
}

/** Serves the Toxiproxy API of a system, also while that comes up: then it says so. Errors: PORT_TAKEN, NOT_ALLOWED. */
export async function serveToxiproxyApi(
  port: number,
  {live, log}: {readonly live: () => Live; readonly log: (line: string) => void},
): Promise<LiveToxiproxyApi> {
  const onInternalError = (error: unknown): void =>
    log(`toxiproxy api: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const system = livePort(live);
  const api = await serve(port, createApi(system, onInternalError));
  return {...api, places: () => [{port: api.port, to: 'the Toxiproxy API'}, ...system.ownPlaces()]};
}
