import {expect, it} from 'vitest';
import {createBalancer} from './balancer.default.ts';

it('takes turns among those who have equally much under way', () => {
  const balancer = createBalancer();
  const first = Array.from({length: 6}, () => balancer.order('identity', ['a', 'b', 'c'])[0]);
  expect(first).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  expect(balancer.order('identity', [])).toEqual([]);
});

it('sends less to an instance that is slow, and the same to all others', () => {
  const balancer = createBalancer();
  const counts = new Map<string, number>();
  const ends: {at: number; end: () => void}[] = [];
  // Three a ms; an answer takes 2 ms, and 40 ms at the slow one.
  for (let ms = 0; ms < 2_000; ms += 1) {
    for (const {end} of ends.filter(({at}) => at <= ms)) end();
    for (let count = 0; count < 3; count += 1) {
      const [node = ''] = balancer.order('identity', ['slow', 'b', 'c', 'd']);
      counts.set(node, (counts.get(node) ?? 0) + 1);
      ends.push({at: ms + (node === 'slow' ? 40 : 2), end: balancer.begin(node)});
    }
    ends.splice(0, ends.length, ...ends.filter(({at}) => at > ms));
  }
  const others = ['b', 'c', 'd'].map(node => counts.get(node) ?? 0);
  expect(Math.max(...others) / Math.min(...others)).toBeLessThan(1.1);
  expect(counts.get('slow')).toBeLessThan(0.25 * Math.min(...others));
});
