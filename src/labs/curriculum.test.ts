import {describe, expect, it} from 'vitest';
import {BLOCKS, CONCEPTS, CURRICULUM, inPathOrder, OBJECTIVES, PHASES_OF_PATH, wholePath} from './curriculum.ts';

describe('the curriculum', () => {
  it('covers twelve weeks, twelve objectives and ten concepts, each with a lab', () => {
    expect(BLOCKS.flatMap(({weeks}) => weeks)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const objectives = PHASES_OF_PATH.flatMap(phase => phase.objectives);
    expect(objectives).toHaveLength(12);
    const practised = new Set(CURRICULUM.map(({objective}) => objective));
    expect(OBJECTIVES.filter(objective => !practised.has(objective))).toEqual([]);
    expect(CONCEPTS).toHaveLength(10);
    const concepts = new Set(CURRICULUM.flatMap(lab => lab.concepts));
    expect(CONCEPTS.filter(concept => !concepts.has(concept))).toEqual([]);
  });

  it('names only objectives, concepts and needs that exist, and no lab before what it needs', () => {
    const ids = CURRICULUM.map(({id}) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [index, lab] of CURRICULUM.entries()) {
      expect(OBJECTIVES).toContain(lab.objective);
      for (const concept of lab.concepts) expect(CONCEPTS).toContain(concept);
      for (const need of lab.needs) expect(ids.slice(0, index), `${lab.id} needs ${need}`).toContain(need);
    }
  });

  it('belongs to the phase of its objective', () => {
    for (const {phase, objectives} of PHASES_OF_PATH) {
      for (const lab of CURRICULUM.filter(({objective}) => objectives.includes(objective)))
        expect(lab.phase, lab.id).toBe(phase);
    }
  });

  it('orders labs by week, then by its own order, then by id', () => {
    const labs = [
      {id: 'p2-05-break-the-circuit', weeks: [7, 8]},
      {id: 'p1-99-from-elsewhere', weeks: [5, 6]},
      {id: 'p2-04-no-lost-events', weeks: [5, 6]},
      {id: 'p2-07-once-in-effect', weeks: [5, 6]},
    ];
    expect(inPathOrder(labs).map(({id}) => id.slice(0, 5))).toEqual(['p2-07', 'p2-04', 'p1-99', 'p2-05']);
  });

  it('marks what is built, and shows labs from elsewhere after it', () => {
    const [first] = CURRICULUM;
    if (!first) return;
    const path = wholePath([
      {...first, title: 'Another title'},
      {...first, id: 'p1-99-from-elsewhere'},
    ]);
    expect(path[0]).toMatchObject({title: 'Another title', built: true});
    expect(path[1]?.built).toBe(false);
    expect(path.at(-1)).toMatchObject({id: 'p1-99-from-elsewhere', built: true});
  });
});
