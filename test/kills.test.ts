import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {describeRound, drawRound, type KillField, openKillField} from './support/kill-rounds.ts';
import {leaveOut} from './support/require.ts';

/** Seeds whose rounds are short and differ in stage, victim and next command. `scripts/kills.js` plays as many as one likes. */
const SEEDS = [1, 10, 12, 14, 32, 53];

describe.sequential('a system whose command or controller is killed', () => {
  let field: KillField | undefined;

  beforeAll(async () => {
    if (process.platform === 'linux') field = await openKillField();
  });
  beforeEach(context => {
    if (process.platform !== 'linux') leaveOut(context, 'kills are counted in /proc, which only Linux has');
  });
  afterAll(async () => field?.[Symbol.asyncDispose]());

  for (const seed of SEEDS) {
    const {stage, victim, delayMs, next} = drawRound(seed);
    it(`leaves nothing when the ${victim} goes after ${delayMs} ms of ${stage}, and ${next} follows`, async () => {
      const played = await field?.play(drawRound(seed));
      expect(played?.problems, played && describeRound(played)).toEqual([]);
    });
  }
});
