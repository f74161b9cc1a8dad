import {readFileSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import {describe, expect, it, vi} from 'vitest';
import type {ToxicAttributes} from '../fabric/fabric.ts';
import {FAULT_CATALOGUE, type FaultInfo} from './catalogue.ts';
import type {FaultRecord, FaultRequest} from './fault.ts';
import {request, startTestSystem, type TestSystem} from './testing.ts';

/** As long as it takes to be seen in force, and no longer. */
const FOR_MS = 150;
const LOOKS = {timeout: 15_000, interval: 5};
/** What no runtime can do is refused. */
const POSSIBLE = FAULT_CATALOGUE.filter(({runtimes}) => runtimes?.length !== 0);
/** A restart is over when the node is ready again, whatever its time. */
const LASTING = POSSIBLE.filter(({kind}) => kind !== 'restart');
/** What is done to nodes and links, each of which has to be on record before. */
const DOES = ['kill', 'pause', 'restart', 'armCrashPoint', 'disturb'] as const;

/** The fault of a kind's own example, with a time of its own. */
function exampleOf({kind, example}: FaultInfo, forMs = FOR_MS): FaultRequest {
  const words = [...example.matchAll(/--([a-z-]+) (\S+)/g)].filter(([, name]) => name !== 'for');
  const attributes: ToxicAttributes = Object.fromEntries(words.map(([, name = '', value = '']) => [name, value]));
  const target = /chaos \S+ '?([^' ]+)'?/.exec(example)?.[1] ?? '';
  return request(kind, target, {attributes, forMs});
}

/** Nodes that are not as they were, and toxics. */
async function leftOf({nodes, fabric, plan}: TestSystem): Promise<readonly string[]> {
  const held = plan.nodes.map(({name}) => `${name} ${nodes.state(name)}`).filter(text => !text.endsWith(' ready'));
  const disturbed = new Set<string>();
  for (const call of nodes.calls) {
    const [what, node, kind] = call.split(' ');
    if (what === 'disturb' || what === 'arm') disturbed.add(`${node} ${what === 'arm' ? 'armed' : kind}`);
    if (what === 'calm' || what === 'disarm') disturbed.delete(`${node} ${what === 'disarm' ? 'armed' : kind}`);
  }
  return [...held, ...disturbed, ...(await fabric.toxics()).map(({id}) => id)];
}

describe.each(POSSIBLE.map(info => [info.kind, info] as const))('%s', (_, info) => {
  it('is on record, with its undo, before anything is done', async () => {
    await using system = await startTestSystem();
    let before: string | undefined;
    const look = (): void => {
      before ??= readFileSync(system.recordFile, 'utf8');
    };
    for (const name of DOES) {
      const does = system.nodes[name] as (...args: unknown[]) => Promise<void>;
      vi.spyOn(system.nodes, name).mockImplementation(async (...args: unknown[]) => {
        look();
        return does(...args);
      });
    }
    const {change} = system.fabric;
    vi.spyOn(system.fabric, 'change').mockImplementation(async batch => {
      look();
      return change(batch);
    });
    const fault = await system.engine.inject(exampleOf(info), {measure: 'background'});
    await vi.waitUntil(() => before !== undefined, LOOKS);
    const [line] = (before ?? '').trim().split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      id: fault.id,
      state: 'planned',
      undo: fault.undo,
      endsAt: fault.endsAt,
    });
  });
});

describe.each(LASTING.map(info => [info.kind, info] as const))('%s', (_, info) => {
  it('ends by itself, not before its time, and leaves nothing', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(exampleOf(info), {measure: 'background'});
    expect(await vi.waitUntil(async () => (await leftOf(system)).length > 0, LOOKS)).toBe(true);
    const ended = await endOf(system, fault.id);
    expect(ended).toMatchObject({state: 'ended', endedBy: 'time'});
    expect(ended.endedAt).toBeGreaterThanOrEqual(fault.plannedAt + FOR_MS);
    expect(await leftOf(system)).toEqual([]);
  });

  it('is healed at its start by an engine that finds it in the record', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(exampleOf(info, 60_000), {measure: 'background'});
    await vi.waitUntil(async () => (await leftOf(system)).length > 0, LOOKS);
    const record = await readFile(system.recordFile, 'utf8');
    const toxics = await system.fabric.toxics();
    const states = system.plan.nodes.map(({name}) => [name, system.nodes.state(name)] as const);
    await system.engine.stop();
    // As if it had been killed: record, toxics and nodes are as they were.
    await writeFile(system.recordFile, record);
    if (toxics.length > 0) await system.fabric.change({add: toxics});
    for (const [node, state] of states) {
      if (state === 'paused') await system.nodes.pause(node);
      if (state === 'crashed' && system.nodes.state(node) !== 'crashed') await system.nodes.kill(node);
    }
    const next = system.nextEngine();
    const healed = await next.healLeftovers();
    expect(healed.map(({id, endedBy}) => `${id} ${endedBy}`)).toEqual([`${fault.id} heal`]);
    expect(healed[0]?.healed?.observed).not.toBe('nothing of it was left');
    expect(await leftOf(system)).toEqual([]);
    await next.stop();
  });
});

function endOf(system: TestSystem, id: string): Promise<FaultRecord> {
  return vi.waitUntil(
    () => system.engine.history().find(record => record.id === id && record.endedAt !== undefined),
    LOOKS,
  );
}
