import {describe, expect, it} from 'vitest';
import type {NodeStatus, StatusReport} from '../../controller/protocol.ts';
import type {Paint} from '../output/paint.ts';
import {renderTop, topLook} from './top.ts';

const plain: Paint = {good: String, bad: String, warn: String, faint: String, strong: String, accent: String};

function status(nodes: readonly Partial<NodeStatus>[]): StatusReport {
  return {
    nodes: nodes.map(node => ({service: 'stream', state: 'ready', url: '', restarts: 0, ...node})),
    faults: [],
  } as unknown as StatusReport;
}

describe('top', () => {
  it('counts the processor time of each node between two looks, and none where it was started meanwhile', () => {
    const before = status([
      {name: 'a', cpuMs: 100, rssBytes: 1},
      {name: 'b', cpuMs: 5_000},
    ]);
    const after = status([
      {name: 'a', cpuMs: 600, rssBytes: 2},
      {name: 'b', cpuMs: 20, restarts: 1},
      {name: 'c', cpuMs: 7, state: 'starting'},
      {name: 'd', state: 'crashed'},
    ]);
    const {nodes} = topLook(before, after, 2_000);
    expect(nodes.map(({name, cpuShare}) => [name, cpuShare])).toEqual([
      ['a', 0.25],
      ['b', null],
      ['c', null],
      ['d', null],
    ]);
  });

  it('keeps within the height of the terminal', () => {
    const look = {...topLook(status([]), status([{name: 'a', cpuMs: 1}, {name: 'b'}]), 1_000), at: '', routes: []};
    const lines = renderTop(look, {width: 60, height: 5, paint: plain, now: 0});
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/NODE +STATE +CPU +MEMORY/);
    expect(renderTop(look, {width: 60, paint: plain, now: 0}).join('\n')).toContain('No faults in force.');
  });
});
