import type {Reply, SendRequest} from '../../src/labs/client.ts';
import type {Random} from '../../src/random.ts';

/** Where a rollout is. */
export interface Stage {
  /** `own-1 add, own-2 today`. */
  readonly name: string;
  readonly goingBack: boolean;
}

/** Something that a client was answered and must not be. */
export interface Incident {
  readonly client: 'old' | 'new';
  readonly stage: Stage;
  /** `error`: refused or failed. `name`: another name than was written last. `field`: a field is gone or has another value. */
  readonly kind: 'error' | 'name' | 'field';
  readonly what: string;
}

/** One request of an old client with its answer, as it was. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly status: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

export interface Watch {
  readonly send: SendRequest;
  readonly random: Random;
  /** Where the rollout is now. */
  stage(): Stage;
  incident(incident: Incident): void;
  /** A finished round, with what an old client sent and got. */
  round(client: 'old' | 'new', exchanges: readonly Exchange[]): void;
  /** Profiles that were there before, id to name. */
  readonly seeded: ReadonlyMap<string, string>;
}

const TRIES_MAX = 6;
const PAUSE_MS = 120;

type Fields = Readonly<Record<string, string>>;

/** An old client: it adds a profile, reads it, changes it, reads it again, and looks at one that was there long before. */
export async function oldRound(watch: Watch): Promise<void> {
  const exchanges: Exchange[] = [];
  const talk = createTalk(watch, 'old', exchanges);
  const {random} = watch;
  const first = {fullname: nameOf(random), city: cityOf(random)};
  // `app` is its own business: nobody asked for it, and nobody minds.
  const id = await talk.write('POST', '/v1/profiles', {...first, app: '3'}, 201);
  if (id !== undefined) {
    await talk.read(`/v1/profiles/${id}`, first);
    const second = {fullname: nameOf(random), city: first.city};
    if ((await talk.write('PUT', `/v1/profiles/${id}`, {...second, app: '3'}, 200)) !== undefined)
      await talk.read(`/v1/profiles/${id}`, second);
  }
  const [before, fullname] = random.pick([...watch.seeded]);
  await talk.read(`/v1/profiles/${before}`, {fullname});
  watch.round('old', exchanges);
}

/** A new client, and an old one that works on the same profile: what either writes, the other reads, and nobody loses what it does not know. */
export async function newRound(watch: Watch): Promise<void> {
  const talk = createTalk(watch, 'new', []);
  const {random} = watch;
  const made = {
    displayName: nameOf(random),
    city: cityOf(random),
    pronouns: random.pick(['she/her', 'he/him', 'they/them']),
  };
  const id = await talk.write('POST', '/v2/profiles', made, 201);
  if (id !== undefined) {
    const [old, young] = [`/v1/profiles/${id}`, `/v2/profiles/${id}`];
    await talk.read(young, made);
    await talk.read(old, {fullname: made.displayName, city: made.city});
    const changed = {fullname: nameOf(random), city: cityOf(random)};
    if ((await talk.write('PUT', old, changed, 200)) !== undefined)
      await talk.read(young, {displayName: changed.fullname, city: changed.city, pronouns: made.pronouns});
    const last = {...made, displayName: nameOf(random), pronouns: 'ze/zir'};
    if ((await talk.write('PUT', young, last, 200)) !== undefined) {
      await talk.read(young, last);
      await talk.read(old, {fullname: last.displayName, city: last.city});
    }
  }
  const [before, displayName] = random.pick([...watch.seeded]);
  await talk.read(`/v2/profiles/${before}`, {displayName});
  watch.round('new', []);
}

function createTalk(watch: Watch, client: 'old' | 'new', exchanges: Exchange[]) {
  async function ask(method: string, path: string, body?: Fields): Promise<Reply> {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await watch.send(method, path, body === undefined ? {} : {body});
      // A replica that goes down takes answers with it; a client tries again. An error of the service's own is one.
      const isAway = reply.status === null || [502, 503, 504].includes(reply.status);
      if (!isAway || attempt === TRIES_MAX) {
        if (reply.status !== null) exchanges.push({method, path, body, status: reply.status, answer: reply.json});
        return reply;
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    }
  }
  const tell = (kind: Incident['kind'], what: string, stage: Stage): void =>
    watch.incident({client, stage, kind, what});

  return {
    /** The id that the answer has; undefined where it was none as wanted. */
    async write(method: string, path: string, body: Fields, wanted: number): Promise<string | undefined> {
      const stage = watch.stage();
      const {status, json} = await ask(method, path, body);
      if (status === wanted && typeof json.id === 'string') return json.id;
      tell(
        'error',
        `${method} ${path} ${JSON.stringify(body)} was answered ${status} ${JSON.stringify(json).slice(0, 120)}`,
        stage,
      );
      return undefined;
    },
    async read(path: string, wanted: Fields): Promise<void> {
      const stage = watch.stage();
      const {status, json} = await ask('GET', path);
      if (status !== 200)
        return tell('error', `GET ${path} was answered ${status} ${JSON.stringify(json).slice(0, 120)}`, stage);
      for (const [field, value] of Object.entries(wanted)) {
        if (json[field] === value) continue;
        const kind = /name/i.test(field) ? 'name' : 'field';
        tell(
          kind,
          `GET ${path}: ${field} is ${JSON.stringify(json[field])}, and ${JSON.stringify(value)} was written`,
          stage,
        );
      }
    },
  };
}

function nameOf(random: Random): string {
  return `${random.pick(['Ada', 'Grace', 'Barbara', 'Radia', 'Frances'])} ${random.hex(8)}`;
}

function cityOf(random: Random): string {
  return `${random.pick(['Lagos', 'Quito', 'Tartu', 'Hanoi'])} ${random.hex(4)}`;
}
