import type {Clock} from '../kit/clock.ts';
import {Problem} from '../kit/problem.ts';

/** Work of which little is done at once. The rest waits for its turn, and holds nothing meanwhile. */
export interface Turns {
  /**
   * Settles when it is this client's turn, with how to end it. Clients come one after the other, however much each of them asks for. Throws a
   * problem 429 when that takes longer than `withinMs`, when there is no room to wait in, and when the client has `gone`.
   */
  take(client: string, bounds: WaitBounds): Promise<() => void>;
}

export interface WaitBounds {
  readonly withinMs: number;
  readonly gone: AbortSignal;
}

export interface TurnsOptions {
  readonly atOnce: number;
  /** Of all clients together. */
  readonly waitingMax: number;
  readonly clock: Clock;
}

interface Waiting {
  readonly client: string;
  begin(): void;
  refuse(): void;
}

/** By the time a client comes back, those that wait now have had their turn or have been refused. */
const RETRY_AFTER_SECONDS = 2;

export function createTurns({atOnce, waitingMax, clock}: TurnsOptions): Turns {
  /** By client, in the order in which they come. */
  const queues = new Map<string, readonly Waiting[]>();
  let busy = 0;
  let count = 0;

  function enqueue(waiting: Waiting): void {
    queues.set(waiting.client, [...(queues.get(waiting.client) ?? []), waiting]);
    count += 1;
  }

  /** Whether it was still waiting. Its client keeps its place among the others. */
  function remove(waiting: Waiting): boolean {
    const queue = queues.get(waiting.client) ?? [];
    const rest = queue.filter(other => other !== waiting);
    if (rest.length === queue.length) return false;
    if (rest.length > 0) queues.set(waiting.client, rest);
    else queues.delete(waiting.client);
    count -= 1;
    return true;
  }

  /** Whoever has the most waiting gives way, and that may be the newcomer. */
  function makeRoomFor(client: string): void {
    if (count < waitingMax) return;
    let most: readonly Waiting[] = [];
    for (const queue of queues.values()) if (queue.length > most.length) most = queue;
    const last = most.at(-1);
    if (last === undefined || most.length <= (queues.get(client)?.length ?? 0) + 1) throw tooMany();
    remove(last);
    last.refuse();
  }

  async function wait(client: string, {withinMs, gone}: WaitBounds): Promise<void> {
    if (gone.aborted) throw tooMany();
    makeRoomFor(client);
    const ended = new AbortController();
    let giveUp = (): void => undefined;
    const turn = new Promise<void>((begin, reject) => {
      const waiting: Waiting = {client, begin, refuse: () => reject(tooMany())};
      giveUp = () => {
        if (remove(waiting)) waiting.refuse();
      };
      enqueue(waiting);
    });
    gone.addEventListener('abort', giveUp, {once: true});
    clock.sleep(withinMs, ended.signal).then(giveUp, () => undefined);
    try {
      await turn;
    } finally {
      gone.removeEventListener('abort', giveUp);
      ended.abort();
    }
  }

  /** The place is handed over, so that nobody can slip in between. */
  function leave(): void {
    const [queue] = queues.values();
    const [next] = queue ?? [];
    if (next === undefined) {
      busy -= 1;
      return;
    }
    const rest = queue?.slice(1) ?? [];
    queues.delete(next.client);
    if (rest.length > 0) queues.set(next.client, rest);
    count -= 1;
    next.begin();
  }

  return {
    async take(client, bounds) {
      if (busy < atOnce) busy += 1;
      else await wait(client, bounds);
      let ended = false;
      return () => {
        if (!ended) leave();
        ended = true;
      };
    },
  };
}

function tooMany(): Problem {
  return new Problem({
    status: 429,
    kind: 'too-many-at-once',
    detail: 'Too many ask for this at the moment; this one was not begun.',
    headers: {'retry-after': String(RETRY_AFTER_SECONDS)},
  });
}
