import {createApi} from '../../fabric/api/api.ts';
import type {Live} from '../live.ts';
import {livePort} from './live-port.ts';
import {serve, type ToxiproxyApi} from './serve.ts';

/** Serves the Toxiproxy API of a system, also while that comes up: then it says so. Errors: PORT_TAKEN, NOT_ALLOWED. */
export async function serveToxiproxyApi(
  port: number,
  {live, log}: {readonly live: () => Live; readonly log: (line: string) => void},
): Promise<ToxiproxyApi> {
  const onInternalError = (error: unknown): void =>
    log(`toxiproxy api: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return serve(port, createApi(livePort(live), onInternalError));
}
