import {setTimeout as pause} from 'node:timers/promises';
import type {Random} from '../../../src/random.ts';
import type {Answer, Ask} from './ask.ts';
import type {AccountEntry, Book, SessionEntry} from './book.ts';

/** What one person will do; drawn, so that the same seed has the same people. */
export interface PersonPlan {
  readonly key: string;
  readonly name: string;
  readonly password: string;
  /** Each is a batch of activity, with how long before now each of its events happened, ms. */
  readonly batches: readonly (readonly number[])[];
  readonly refreshes: readonly ('one' | 'two tabs')[];
  readonly leaves: 'stays' | 'signs out' | 'closes';
}

/** Longer ago than any window may be open. */
const LONG_AGO_MS = 300_000;
/** How long somebody tries a thing before they give up, ms. */
const PATIENCE_MS = 20_000;
const AGAIN_AFTER_MS = 250;
const THINKS_MS = 300;

/** `mayBeLate`: events from long ago are drawn too, which is for when the clock of events runs. */
export function planPerson(key: string, random: Random, mayBeLate: boolean): PersonPlan {
  const ago = (): number => (mayBeLate && random.next() < 0.05 ? LONG_AGO_MS : random.integer(0, 2_000));
  const several = <T>(max: number, make: () => T): T[] => Array.from({length: random.integer(1, max)}, make);
  return {
    key,
    name: `person ${key}`,
    password: random.hex(16),
    batches: several(6, () => several(5, ago)),
    refreshes: several(3, () => (random.next() < 0.3 ? 'two tabs' : 'one')),
    leaves: random.pick(['stays', 'stays', 'signs out', 'closes']),
  };
}

/** Lets a person do what they plan, and keeps what they were told. Never rejects: what fails is what this is about. */
export async function live(plan: PersonPlan, ask: Ask, book: Book, signal: AbortSignal): Promise<void> {
  const account: AccountEntry = {key: plan.key, name: plan.name, ids: new Set(), closing: 'no'};
  book.accounts.push(account);
  const tools = createTries(ask, book, plan.key, signal);
  await tools.until('register', 201, () => tools.register(plan, account));
  const [id] = account.ids;
  if (id === undefined) return;
  let token = '';
  let session: SessionEntry | undefined;
  async function signIn(): Promise<void> {
    await tools.until('sign in', 201, async () => {
      const answer = await ask('POST', '/v1/sessions', {
        client: plan.key,
        body: {account: id, password: plan.password},
      });
      if (answer.status === 201) {
        token = String(answer.body.token);
        session = {account: id as string, refreshToken: String(answer.body.refreshToken), state: 'live'};
        book.sessions.push(session);
      }
      if (answer.status === 401) book.wrongAnswers.push(`sign-in of ${id} with its password: 401`);
      return answer;
    });
  }
  await signIn();
  const refreshes = [...plan.refreshes];
  for (const [index, batch] of plan.batches.entries()) {
    if (session === undefined || signal.aborted) return;
    await tools.until('report', 202, () => tools.report(`${plan.key}-${index}`, id, token, batch));
    await pause(THINKS_MS);
    const refresh = refreshes.pop();
    if (refresh === undefined || session.state !== 'live') continue;
    const next = await tools.refresh(session, refresh);
    if (next === undefined) await signIn();
    else token = next;
  }
  if (session === undefined || signal.aborted) return;
  if (plan.leaves === 'signs out') await tools.signOut(session, token);
  if (plan.leaves === 'closes') await tools.close(account, id, token);
}

function createTries(ask: Ask, book: Book, client: string, signal: AbortSignal) {
  function tally(operation: string): {asked: number; acknowledged: number; sends: number} {
    const known = book.operations.get(operation) ?? {asked: 0, acknowledged: 0, sends: 0};
    book.operations.set(operation, known);
    return known;
  }

  async function counted(operation: string, wanted: number, once: () => Promise<Answer>): Promise<Answer> {
    const counts = tally(operation);
    counts.asked += 1;
    counts.sends += 1;
    const answer = await once();
    if (answer.status === wanted) counts.acknowledged += 1;
    return answer;
  }

  return {
    /** Sends again until it is answered as wanted, or patience is over. */
    async until(operation: string, wanted: number, once: () => Promise<Answer>): Promise<void> {
      const counts = tally(operation);
      counts.asked += 1;
      for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !signal.aborted; await pause(AGAIN_AFTER_MS)) {
        counts.sends += 1;
        const {status} = await once();
        if (status === wanted) {
          counts.acknowledged += 1;
          return;
        }
      }
    },
    async register({key, name, password}: PersonPlan, account: AccountEntry): Promise<Answer> {
      const headers = {'idempotency-key': key};
      const answer = await ask('POST', '/v1/accounts', {client, headers, body: {name, password}});
      if (answer.status === 201) account.ids.add(String(answer.body.id));
      if (answer.status === 422) book.wrongAnswers.push(`the same registration again, ${key}: 422`);
      return answer;
    },
    async report(batch: string, account: string, token: string, ages: readonly number[]): Promise<Answer> {
      const events = ages.map((age, index) => {
        const id = `${batch}-${index}`;
        const known = book.events.get(id);
        if (known !== undefined) return known;
        const entry = {id, account, at: Date.now() - age, isLate: age >= LONG_AGO_MS, acknowledged: false};
        book.events.set(id, entry);
        return entry;
      });
      const body = {events: events.map(({id, at}) => ({id, kind: 'soak', at: new Date(at).toISOString()}))};
      const answer = await ask('POST', '/v1/activity', {client, token, body});
      if (answer.status === 202) for (const event of events) event.acknowledged = true;
      return answer;
    },
    /** The new access token; undefined when it is not known how the session stands. */
    async refresh(session: SessionEntry, how: 'one' | 'two tabs'): Promise<string | undefined> {
      const once = (): Promise<Answer> =>
        counted('refresh', 200, () =>
          ask('POST', '/v1/sessions/refresh', {client, body: {refreshToken: session.refreshToken}}),
        );
      const answers = await Promise.all(how === 'one' ? [once()] : [once(), once()]);
      const good = answers.filter(({status}) => status === 200);
      if (new Set(good.map(({body}) => body.refreshToken)).size > 1)
        book.wrongAnswers.push(`two tabs of ${session.account} that refreshed at once were given two tokens`);
      // All requests were answered, and nobody refused them for a reason that passes.
      if (answers.every(({status}) => status === 200 || status === 401)) {
        if (good.length < answers.length)
          book.wrongAnswers.push(`refresh of a session of ${session.account} that had not ended: 401`);
      }
      if (good.length < answers.length) {
        session.state = 'unsure';
        return undefined;
      }
      session.refreshToken = String(good[0]?.body.refreshToken);
      return String(good[0]?.body.token);
    },
    async signOut(session: SessionEntry, token: string): Promise<void> {
      if (session.state === 'live') session.state = 'unsure';
      const {status} = await counted('sign out', 204, () => ask('DELETE', '/v1/sessions/current', {client, token}));
      if (status === 204) session.state = 'ended';
    },
    async close(account: AccountEntry, id: string, token: string): Promise<void> {
      account.closing = 'asked';
      for (const session of book.sessions)
        if (session.account === id && session.state === 'live') session.state = 'unsure';
      const {status} = await counted('close', 204, () => ask('DELETE', '/v1/accounts/me', {client, token}));
      if (status !== 204) return;
      account.closing = 'acknowledged';
      for (const session of book.sessions) if (session.account === id) session.state = 'ended';
    },
  };
}
