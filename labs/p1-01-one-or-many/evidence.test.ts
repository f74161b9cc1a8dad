import {describe, expect, it} from 'vitest';
import {outages, type Run} from './evidence.ts';

const FROM = 1_000_000;

function lookAt(atMs: number, endedAtMs: number | undefined): Run {
  const crash = {
    kind: 'crash',
    plannedAt: FROM + 2_000,
    appliedAt: FROM + 2_000,
    ...(endedAtMs === undefined ? {} : {endedAt: FROM + endedAtMs}),
  };
  return {
    setup: {
      processes: [{name: 'monolith', modules: ['accounts', 'quotas', 'activity', 'alerts'], database: 'main-db'}],
    },
    attack: [],
    faults: [crash],
    times: {attackFrom: FROM, attackTo: FROM + atMs},
  } as unknown as Run;
}

describe('outages', () => {
  it('count once they are over, and whatever was asked for meanwhile has been answered or given up', () => {
    expect(outages(lookAt(2_500, undefined))).toHaveLength(0);
    expect(outages(lookAt(3_500, 3_000))).toHaveLength(0);
    expect(outages(lookAt(5_500, 3_000))).toMatchObject([{kill: {module: 'alerts'}, from: FROM + 2_100}]);
  });
});
