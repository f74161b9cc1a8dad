import {LabError} from '../../errors.ts';
import type {Place} from '../bypasses.ts';
import type {Live} from '../live.ts';
import type {LiveToxiproxyApi} from './serve-live.ts';

export interface ToxiproxyApiTools {
  readonly live: () => Live;
  readonly log: (line: string) => void;
}

/** The Toxiproxy API of a running system, which is there once somebody has asked for it. */
export class ToxiproxyApi {
  readonly #tools: ToxiproxyApiTools;
  #opened: Promise<LiveToxiproxyApi> | undefined;
  #places: () => readonly Place[] = () => [];

  constructor(tools: ToxiproxyApiTools) {
    this.#tools = tools;
  }

  /** Before anything is started: a port that is taken is told at once. Errors: PORT_TAKEN, NOT_ALLOWED; BUSY where it has another port. */
  async open(port: number, say: (line: string) => void): Promise<void> {
    if (this.#opened === undefined) {
      // Hardly ever asked for: a system comes up without loading it.
      this.#opened = import('./serve-live.ts').then(async ({serveToxiproxyApi}) =>
        serveToxiproxyApi(port, this.#tools),
      );
      this.#opened.catch(() => {
        this.#opened = undefined;
      });
      const {url, places} = await this.#opened;
      this.#places = places;
      say(`Toxiproxy API at ${url}`);
      return;
    }
    const {url, port: listening} = await this.#opened;
    if (listening !== port)
      throw new LabError('BUSY', `The Toxiproxy API of this system is at ${url} already; \`teralab down\` first.`);
  }

  /** Where it answers; undefined where it does not. */
  async url(): Promise<string | undefined> {
    return (await this.#opened?.catch(() => undefined))?.url;
  }

  /** Where its clients go, and no service has any business. */
  places(): readonly Place[] {
    return this.#places();
  }

  async close(): Promise<void> {
    const api = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    this.#places = () => [];
    await api?.close();
  }
}
