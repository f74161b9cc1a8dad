import {readFile} from 'node:fs/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../fabric/testing.ts';
import type {DirectToxic} from './direct.ts';
import {startTestSystem, type TestSystem} from './testing.ts';

const PROXY = 'gateway-1->identity-1';

function slow(changes: Partial<DirectToxic> = {}): DirectToxic {
  return {
    name: 'slow',
    kind: 'latency',
    proxy: PROXY,
    stream: 'downstream',
    toxicity: 1,
    attributes: {latency: 40},
    seed: 7,
    reason: 'toxiproxy-api',
    ...changes,
  };
}

describe('a toxic of the control API', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem();
  });
  afterAll(() => system[Symbol.asyncDispose]());

  const idOf = (name: string): string => system.engine.list().find(record => record.name === name)?.id ?? '';

  it('is in the record before it is applied, and is a fault like others', async () => {
    await system.engine.change({add: [slow()]});
    const [record] = system.engine.list();
    expect(record).toMatchObject({
      name: 'slow',
      kind: 'latency',
      target: PROXY,
      reason: 'toxiproxy-api',
      attributes: {latency: 40, stream: 'downstream', toxicity: 1},
      state: 'active',
      endsAt: null,
    });
    const lines = (await readFile(system.recordFile, 'utf8')).trim().split('\n');
    expect(lines.map(line => JSON.parse(line).state)).toEqual(['planned', 'active']);
    expect((await system.fabric.toxics()).map(({id}) => id)).toEqual([record?.id]);
  });

  it('is seen to bite by what traffic feels', async () => {
    await fetch(system.urlOf(PROXY)).then(reply => reply.text());
    await until(() => system.engine.list()[0]?.effect?.verdict === 'bites');
    expect(system.engine.list()[0]?.effect?.observed).toMatch(/chunks delayed on 1 connection$/);
  });

  it('is changed under the same id, with the same seed', async () => {
    const id = idOf('slow');
    await system.engine.change({update: [{id, toxicity: 0.5, attributes: {latency: 80}, forMs: 60_000}]});
    expect(await system.fabric.toxics()).toMatchObject([{id, seed: 7, toxicity: 0.5, attributes: {latency: 80}}]);
    expect(system.engine.list()[0]).toMatchObject({id, attributes: {latency: 80, toxicity: 0.5}});
    expect(system.engine.list()[0]?.endsAt).toBeGreaterThan(Date.now());
  });

  it('stays as it was when its change is wrong', async () => {
    const id = idOf('slow');
    const change = system.engine.change({
      add: [slow({name: 'other'})],
      update: [{id, toxicity: 1, attributes: {latency: -1}}],
    });
    await expect(change).rejects.toMatchObject({code: 'BAD_VALUE'});
    expect(system.engine.list()).toMatchObject([{id, attributes: {latency: 80}}]);
    expect(system.engine.history().map(({name, state}) => `${name} ${state}`)).toContain('other failed');
    const lines = (await readFile(system.recordFile, 'utf8')).trim().split('\n');
    const last = lines.map(line => JSON.parse(line)).findLast(record => record.id === id);
    expect(last).toMatchObject({attributes: {latency: 80}});
  });

  it('is ended by `clear` without a probe, and cannot be changed any more', async () => {
    const id = idOf('slow');
    expect(await system.engine.clear(id)).toMatchObject({state: 'ended', endedBy: 'clear'});
    expect(system.engine.history().find(record => record.id === id)).not.toHaveProperty('healed');
    expect(await system.fabric.toxics()).toEqual([]);
    const change = system.engine.change({update: [{id, toxicity: 1, attributes: {}}]});
    await expect(change).rejects.toMatchObject({code: 'UNKNOWN_FAULT'});
    await system.engine.change({remove: [id]});
    await expect(system.engine.change({remove: ['f-nothing']})).rejects.toMatchObject({code: 'UNKNOWN_FAULT'});
  });

  it('ends by itself on time', async () => {
    await system.engine.change({add: [slow({forMs: 30})]});
    const {id} = system.engine.list()[0] ?? {id: ''};
    await until(() => system.engine.list().length === 0);
    expect(system.engine.history().find(record => record.id === id)).toMatchObject({state: 'ended', endedBy: 'time'});
    expect(await system.fabric.toxics()).toEqual([]);
  });

  it('comes and goes with others in one step', async () => {
    await system.engine.change({add: [slow(), slow({name: 'wall', kind: 'blackhole', attributes: {}})]});
    await system.engine.change({add: [slow({name: 'last'})], remove: [idOf('slow'), idOf('wall')]});
    expect(system.engine.list().map(({name}) => name)).toEqual(['last']);
    expect(await system.fabric.toxics()).toHaveLength(1);
    await system.engine.clearAll();
    expect(system.engine.list()).toEqual([]);
  });

  it('that was taken away behind the record is said to have failed', async () => {
    await system.engine.change({add: [slow()]});
    const id = idOf('slow');
    await system.fabric.change({remove: [id]});
    await until(() => system.engine.list().length === 0);
    expect(system.engine.history().find(record => record.id === id)).toMatchObject({
      state: 'failed',
      effect: {observed: 'it was taken away before its end'},
    });
  });

  it('is healed by the next process when this one ends', async () => {
    await system.engine.change({add: [slow()]});
    const id = idOf('slow');
    const healed = await system.nextEngine().healLeftovers();
    expect(healed.map(record => record.id)).toContain(id);
    expect(await system.fabric.toxics()).toEqual([]);
  });
});
