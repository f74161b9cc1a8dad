import type {Link, Session} from './session.ts';

/** What has changed: there are messages, or groups were set back. */
export type Change = 'messages' | 'groups';

/** Tells consumers that something has changed. It is a hint: it may be late, come for nothing, or not come at all. */
export interface Hints {
  /** Calls `wake` for each hint on this subject; returns what ends that. */
  on(subject: string, wake: (change: Change) => void): () => void;
}

/** Without waiting for anything: what gets lost is found by polling. */
export function giveHint({nc}: Pick<Link, 'nc'>, subject: string, change: Change): void {
  nc.publish(subject, change);
}

/** One subscription for all consumers of a process, made with the first of them. */
export function createHints(session: Session): Hints {
  const wakes = new Map<(change: Change) => void, string>();
  let listening = false;

  function listen(): void {
    if (listening) return;
    listening = true;
    session.onLink(
      nc => {
        nc.subscribe('hints.*', {
          callback: (_, message) => {
            const change = message.string() === 'groups' ? 'groups' : 'messages';
            for (const [wake, own] of wakes) if (own === message.subject) wake(change);
          },
        });
      },
      // Anything may have happened while nobody listened.
      () => {
        for (const wake of wakes.keys()) wake('groups');
      },
    );
  }

  return {
    on(subject, wake) {
      wakes.set(wake, subject);
      listen();
      return () => void wakes.delete(wake);
    },
  };
}
