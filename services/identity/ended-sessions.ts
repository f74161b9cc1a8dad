import type {Clock} from '../kit/clock.ts';
import type {Database} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';
import {type Fresh, keepFresh} from './keep-fresh.ts';

/** Longer than an access token can be good: 15 minutes and what clocks may differ. */
const TOLD_FOR = '20 minutes';
const TOLD_MAX = 5_000;
const FRESH_FOR_MS = 1_000;

/** Sessions that ended while their access tokens had not expired: those who verify tokens by themselves cannot know it otherwise. */
export interface EndedSessions extends Pick<Fresh, 'refresh'> {
  /** The latest 5000 at most. */
  list(): readonly string[];
}

export function createEndedSessions(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}): EndedSessions {
  let ended: readonly string[] = [];
  const {refresh} = keepFresh(
    'sessions that ended',
    async () => {
      const rows = await parts.database.query<{id: string}>(
        `select id from sessions where ended_at > clock_timestamp() - interval '${TOLD_FOR}' order by ended_at desc limit ${TOLD_MAX}`,
      );
      ended = rows.map(({id}) => id);
    },
    {...parts, forMs: FRESH_FOR_MS},
  );
  return {refresh, list: () => ended};
}
