import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {createRandom} from '../../src/random.ts';
import {parseBoundaries} from '../../src/topology/boundaries.ts';
import {drawChanges, touched} from './changes.ts';
import lab from './lab.ts';
import {killsOf, processesOf} from './split.ts';

const variants = ['start', 'solution', ...lab.wrong.map(({name}) => `wrong/${name}`)];

describe('splits of p1-01-one-or-many', () => {
  const processesIn = (variant: string) => {
    const file = fileURLToPath(new URL(`${variant}/boundaries.yaml`, import.meta.url));
    return processesOf(parseBoundaries(readFileSync(file, 'utf8'), variant));
  };

  it('stay in one process for as many change requests, whatever is drawn', () => {
    const stayed = variants.map(variant => {
      const processes = processesIn(variant);
      const counts = Array.from({length: 200}, (_, seed) => {
        const changes = drawChanges(createRandom(seed, 'changes'));
        expect(new Set(changes.map(({text}) => text)).size).toBe(10);
        return changes.filter(change => touched(change, processes).length === 1).length;
      });
      return [variant, Math.min(...counts), Math.max(...counts)];
    });
    expect(stayed).toEqual([
      ['start', 10, 10],
      ['solution', 8, 8],
      ['wrong/a-process-per-module', 5, 5],
      ['wrong/quotas-with-activity', 5, 6],
      ['wrong/heavy-with-leaky', 8, 9],
      ['wrong/one-database', 8, 8],
    ]);
  });

  it('have each of their processes crash, the one with the quotas too', () => {
    for (const variant of variants) {
      const processes = processesIn(variant);
      expect(new Set(killsOf(processes).map(({process}) => process))).toEqual(new Set(processes.map(({name}) => name)));
    }
    expect(killsOf(processesIn('wrong/a-process-per-module')).map(({module}) => module)).toEqual([
      'alerts',
      'accounts',
      'activity',
      'quotas',
    ]);
  });
});
