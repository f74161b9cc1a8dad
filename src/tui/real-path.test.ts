import {describe, expect, it} from 'vitest';
import {CURRICULUM} from '../labs/curriculum.ts';
import type {AnyLab} from '../labs/lab.ts';
import type {LabProgress} from '../labs/progress.ts';
import {learningPath} from './real-path.ts';

const built = ['p0-00-first-break', 'p1-03-rest-that-lasts', 'p2-04-no-lost-events'].map(
  id => CURRICULUM.find(lab => lab.id === id) as unknown as AnyLab,
);
const passed: LabProgress = {
  attempts: 1,
  passes: [{at: 1, seed: 1, runtime: 'process', runFolder: '/r', files: []}],
  last: null,
  hintsShown: [],
  revealed: false,
  skipped: false,
};

describe('the learning path', () => {
  it('has every lab of the curriculum once, in its weeks', () => {
    const {blocks} = learningPath(built, {labs: {}});
    expect(blocks.map(({weeks}) => weeks)).toEqual(['1-2', '3-4', '5-6', '7-8', '9-10', '11-12']);
    expect(blocks.flatMap(({labs}) => labs.map(({id}) => id)).toSorted()).toEqual(
      CURRICULUM.map(({id}) => id).toSorted(),
    );
  });

  it('calls what is not built planned, and counts what is passed by phase', () => {
    const {blocks, phases, next} = learningPath(built, {
      labs: {'p0-00-first-break': passed, 'p1-03-rest-that-lasts': passed},
    });
    const status = new Map(blocks.flatMap(({labs}) => labs.map(lab => [lab.id, lab.status])));
    expect(status.get('p1-01-one-or-many')).toBe('planned');
    expect(status.get('p1-03-rest-that-lasts')).toBe('passed');
    expect(phases.map(phase => phase.passed)).toEqual([1, 0, 0]);
    expect(next).toBe('p2-04-no-lost-events');
  });
});
