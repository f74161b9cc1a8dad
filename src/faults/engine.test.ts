import {readFile, writeFile} from 'node:fs/promises';
import {describe, expect, it, vi} from 'vitest';
import type {FaultRecord} from './fault.ts';
import {request, startTestSystem, type TestSystem} from './testing.ts';

describe('a fault of links', () => {
  it('is measured before and after, and the way back too', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('latency', 'gateway-1->identity-1', {attributes: {latency: 100}}));
    expect(fault).toMatchObject({
      state: 'active',
      toxic: 'latency',
      undo: 'remove-toxic',
      proxies: ['gateway-1->identity-1'],
    });
    expect(fault.id).toMatch(/^f-[a-z0-9]{3}$/);
    expect(fault.effect?.verdict).toBe('bites');
    const [, beforeMs, duringMs] =
      /^round trip ([\d.]+) ms -> ([\d.]+) ms \(5 probes\)$/.exec(fault.effect?.observed ?? '') ?? [];
    expect(Number(beforeMs), fault.effect?.observed).toBeGreaterThan(0);
    expect(Number(duringMs), fault.effect?.observed).toBeGreaterThanOrEqual(99);
    expect(system.engine.list()).toEqual([fault]);
    const cleared = await system.engine.clear(fault.id);
    expect(cleared).toMatchObject({state: 'ended', endedBy: 'clear', healed: {verdict: 'none'}});
    expect(cleared.healed?.observed).toMatch(/^round trip .* before the fault/);
    expect(system.engine.list()).toEqual([]);
  });

  it.each([
    ['blackhole', 'no answer within 300 ms (5 of 5 probes)'],
    ['refuse', '5 of 5 probes refused'],
    ['reset', '5 of 5 probes reset'],
  ])('says how %s bites', async (kind, observed) => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request(kind, 'gateway-1->identity-1'));
    expect(fault.effect).toEqual({verdict: 'bites', observed});
  });

  it('is reported without effect when it has none', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('latency', 'broker', {attributes: {latency: 0}}));
    expect(fault.effect?.verdict).toBe('none');
    const untouched = await system.engine.inject(
      request('blackhole', 'gateway-1->identity-1', {attributes: {toxicity: 0}}),
    );
    expect(untouched.effect?.verdict).toBe('none');
  });

  it('bites on a link that was broken before only when that fails in another way now', async () => {
    await using system = await startTestSystem();
    const {engine} = system;
    await engine.inject(request('reset', 'gateway-1->identity-1'));
    expect(
      (await engine.inject(request('latency', 'gateway-1->identity-1', {attributes: {latency: 5}}))).effect,
    ).toEqual({
      verdict: 'none',
      observed: '5 of 5 probes reset, as before the fault',
    });
    expect((await engine.inject(request('refuse', 'gateway-1->identity-1'))).effect).toEqual({
      verdict: 'bites',
      observed: '3 of 3 probes reset -> 5 of 5 probes refused',
    });
  });

  it('that only traffic can show is pending until traffic has felt it', async () => {
    await using system = await startTestSystem();
    const attributes = {method: 'post', path: '/v1/accounts'};
    const fault = await system.engine.inject(request('drop-reply', 'gateway-1->identity-1', {attributes}));
    expect(fault.effect?.verdict).toBe('pending');
    const url = `${system.urlOf('gateway-1->identity-1')}/v1/accounts`;
    await expect(fetch(url, {method: 'POST', body: '{}'})).rejects.toThrow();
    const cleared = await system.engine.clear(fault.id);
    expect(cleared.effect).toEqual({verdict: 'bites', observed: '1 answers dropped on 1 connection'});
  });

  it('that traffic never showed has no effect at its end', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('drop-reply', 'identity', {attributes: {method: 'DELETE'}}));
    expect((await system.engine.clear(fault.id)).effect?.verdict).toBe('none');
  });

  it('ends by itself in time, and the record says so', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('refuse', 'gateway->stream', {forMs: 300}), {
      measure: 'background',
    });
    expect(await system.fabric.toxics()).toHaveLength(1);
    const ended = await settled(system, fault.id);
    expect(ended).toMatchObject({
      endedBy: 'time',
      endedAt: fault.endsAt,
      effect: {verdict: 'bites'},
      healed: {verdict: 'none'},
    });
    expect(await system.fabric.toxics()).toEqual([]);
  });

  it('is applied at once where nobody waits for its effect, and measured in the background', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('blackhole', 'identity'), {measure: 'background'});
    expect(fault.effect?.verdict).not.toBe('bites');
    expect(await system.fabric.toxics()).toHaveLength(1);
    expect(fault.appliedAt).toBeGreaterThanOrEqual(fault.plannedAt);
    await vi.waitUntil(() => system.engine.list()[0]?.effect?.verdict === 'bites', 10_000);
  });

  it('that was taken away behind its back has failed', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('blackhole', 'gateway-1->stream-1'), {measure: 'background'});
    await system.fabric.change({remove: [fault.id]});
    const record = await vi.waitUntil(() => system.engine.history().find(({state}) => state === 'failed'), 10_000);
    expect(record.effect?.observed).toBe('it was taken away before its end');
    expect(system.engine.list()).toEqual([]);
  });

  it('cuts all links that cross a partition in one step, and heals them', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('isolate', 'identity-1', {attributes: {direction: 'to'}}));
    const toxics = await system.fabric.toxics();
    expect(toxics.map(({id, stream}) => `${id} ${stream}`)).toEqual([
      `${fault.id} upstream`,
      `${fault.id}.2 downstream`,
    ]);
    expect(fault.effect).toMatchObject({
      verdict: 'bites',
      observed: expect.stringContaining('no answer within 300 ms'),
    });
    expect(fault.proxies).toHaveLength(6);
    expect((await system.engine.clear(fault.id)).healed?.verdict).toBe('none');
    expect(await system.fabric.toxics()).toEqual([]);
  });

  it('leaves it open whether all is well again while another one is in force there', async () => {
    await using system = await startTestSystem();
    const slow = await system.engine.inject(request('latency', 'identity-1', {attributes: {latency: 20}}));
    const cut = await system.engine.inject(request('blackhole', 'gateway-1->identity-1'));
    const cleared = await system.engine.clear(cut.id);
    expect(cleared.healed).toEqual({verdict: 'pending', observed: `not measured: ${slow.id} is in force there`});
  });
});

describe('a fault of nodes', () => {
  it('crashes a node, keeps it down and starts it again', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('crash', 'identity-1', {attributes: {'restart-after': 700}}));
    expect(fault).toMatchObject({state: 'active', undo: 'start', nodes: ['identity-1'], endsAt: fault.plannedAt + 700});
    expect(fault.effect).toEqual({verdict: 'bites', observed: '9 of 9 probes refused'});
    const ended = await settled(system, fault.id);
    expect(ended.healed).toMatchObject({
      verdict: 'none',
      observed: expect.stringMatching(/^ready \d+ ms after its end, round trip/),
    });
    expect(system.nodes.calls).toEqual(['kill identity-1', 'start identity-1']);
  });

  it('resumes a node only when the last of several pauses ends', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const [first, second] = await Promise.all([
      engine.inject(request('pause', 'stream')),
      engine.inject(request('pause', 'stream-1')),
    ]);
    await engine.clear(first?.id ?? '', {measure: 'background'});
    expect(nodes.calls).toEqual(['pause stream-1']);
    await engine.clear(second?.id ?? '');
    expect(nodes.calls).toEqual(['pause stream-1', 'resume stream-1']);
  });

  it('keeps a node down through the end of a pause, and pauses it again after a start', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const pause = await engine.inject(request('pause', 'stream-1'), {measure: 'background'});
    const crash = await engine.inject(request('crash', 'stream-1'), {measure: 'background'});
    expect(nodes.calls).toEqual(['pause stream-1', 'kill stream-1']);
    await engine.clear(crash.id, {measure: 'background'});
    await vi.waitUntil(() => nodes.state('stream-1') === 'paused', 5000);
    expect(nodes.calls).toEqual(['pause stream-1', 'kill stream-1', 'start stream-1', 'pause stream-1']);
    await engine.clear(pause.id, {measure: 'background'});
    expect(nodes.state('stream-1')).toBe('ready');
  });

  it('times a restart, which ends by itself, and refuses it on a node that is held', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('restart', 'gateway-1', {attributes: {grace: 500}}));
    expect(fault).toMatchObject({
      state: 'ended',
      effect: {verdict: 'bites', observed: expect.stringMatching(/ready again \d+ ms after SIGTERM/)},
    });
    expect(system.nodes.calls).toEqual(['restart gateway-1 500']);
    const crash = await system.engine.inject(request('crash', 'gateway-1'), {measure: 'background'});
    const again = system.engine.inject(request('restart', 'gateway-1'));
    await expect(again).rejects.toMatchObject({code: 'FAULT_FAILED', message: expect.stringContaining(crash.id)});
    const restarts = system.engine.history().filter(({kind}) => kind === 'restart');
    expect(restarts.map(({state}) => state)).toEqual(['ended', 'failed']);
  });

  it('counts planned and actual hits of crash points', async () => {
    await using system = await startTestSystem();
    const attributes = {point: 'before_commit,after_publish', times: 3, 'skip-max': 2};
    const fault = await system.engine.inject(request('crash-point', 'identity', {attributes}));
    expect(fault.effect?.verdict).toBe('pending');
    const ended = await vi.waitUntil(
      async () => {
        for (const node of ['identity-1', 'identity-2'])
          for (const point of ['before_commit', 'after_publish']) await system.nodes.pass(node, point);
        return system.engine.history().find(({id, state}) => id === fault.id && state === 'ended');
      },
      {timeout: 20_000, interval: 5},
    );
    expect(ended.effect?.observed).toMatch(/^3 of 3 planned hits: identity-\d at (before_commit|after_publish), /);
    expect(system.nodes.calls.filter(call => call.startsWith('arm'))).toHaveLength(3);
  });

  it('disarms a crash point that was not reached by its end', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(
      request('crash-point', 'identity-1', {attributes: {point: 'before_ack'}, forMs: 300}),
    );
    const ended = await vi.waitUntil(
      () => system.engine.history().find(({id, state}) => id === fault.id && state === 'ended'),
      5000,
    );
    expect(ended.effect).toMatchObject({verdict: 'none', observed: expect.stringContaining('0 of 1 planned hits')});
    expect(system.nodes.calls).toEqual(['arm identity-1 before_ack 0', 'disarm identity-1']);
  });

  it('is refused with the reason where the runtime cannot do it', async () => {
    await using system = await startTestSystem();
    system.nodes.refuse('pause', 'it has no SIGSTOP');
    const refused = system.engine.inject(request('pause', 'broker'));
    await expect(refused).rejects.toMatchObject({
      code: 'NOT_POSSIBLE_HERE',
      message: expect.stringContaining('it has no SIGSTOP'),
    });
    expect(system.engine.history()).toEqual([]);
  });
});

describe('a fault that leaves a node running', () => {
  const clock = (offsetMs: number) => ({kind: 'skew', offsetMs, withinMs: 1}) as const;

  it('is measured in the node before and after, and at its end', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    nodes.seem('identity-1', clock(0.2));
    vi.spyOn(nodes, 'disturb').mockImplementationOnce(async () => nodes.seem('identity-1', clock(-120_000)));
    const fault = await engine.inject(request('skew', 'identity-1', {attributes: {offset: '-2m'}}));
    expect(fault).toMatchObject({
      undo: 'calm',
      attributes: {offset: -120_000, drift: 0},
      effect: {verdict: 'bites', observed: 'identity-1: clock off by -120.0 s (within 1 ms)'},
    });
    nodes.seem('identity-1', clock(0.1));
    const cleared = await engine.clear(fault.id);
    expect(cleared.healed).toMatchObject({
      verdict: 'none',
      observed: expect.stringMatching(/^identity-1: clock off by \+0.000 s .*; round trip/),
    });
    expect(nodes.calls).toEqual(['calm identity-1 skew']);
  });

  it('is reported without effect when the node is as before', async () => {
    await using system = await startTestSystem();
    system.nodes.seem('identity-1', clock(0));
    const fault = await system.engine.inject(request('skew', 'identity-1', {attributes: {offset: '5s'}}));
    expect(fault.effect?.verdict).toBe('none');
  });

  it('that had not shown yet is judged by what was measured at its end', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const packets = (dropped: number) => ({kind: 'packet-loss', inForce: true, seen: 40, dropped}) as const;
    nodes.seem('broker', packets(0));
    const fault = await engine.inject(request('packet-loss', 'broker', {attributes: {loss: 0.01}}));
    expect(fault.effect?.verdict).toBe('pending');
    nodes.seem('broker', packets(2));
    const cleared = await engine.clear(fault.id, {measure: 'background'});
    expect(cleared.effect).toEqual({verdict: 'bites', observed: 'broker: 2 of 40 packets dropped'});
  });

  it('bites when the kernel kills the node at its limit, and is in force again in the next one', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const limit = {kind: 'memory', limitBytes: 40_000_000, usedBytes: 30_000_000, refused: 0} as const;
    nodes.seem('stream-1', limit);
    await engine.inject(request('memory', 'stream', {attributes: {limit: '40MB'}}), {measure: 'background'});
    await nodes.starve('stream-1');
    await vi.waitUntil(() => nodes.calls.length === 2, 5000);
    expect(nodes.calls).toEqual(['disturb stream-1 memory 40000000', 'disturb stream-1 memory 40000000']);
    expect(engine.list()[0]?.effect).toMatchObject({
      verdict: 'bites',
      observed: expect.stringContaining('stream-1 was killed by the kernel'),
    });
  });

  it('is undone at its start by the next engine, as its record says', async () => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request('throttle', 'identity', {attributes: {cpu: 0.1}}), {
      measure: 'background',
    });
    const record = await readFile(system.recordFile, 'utf8');
    await system.engine.stop();
    await writeFile(system.recordFile, record);
    const next = system.nextEngine();
    expect((await next.healLeftovers()).map(({id, healed}) => `${id} ${healed?.observed}`)).toEqual([
      `${fault.id} identity-1: calm, identity-2: calm`,
    ]);
    await next.stop();
  });

  it('has ended when it is undone, and not before', async () => {
    await using system = await startTestSystem();
    const {calm} = system.nodes;
    vi.spyOn(system.nodes, 'calm').mockImplementation(async (node, kind) => {
      await new Promise(resolve => setTimeout(resolve, 200));
      return calm(node, kind);
    });
    const fault = await system.engine.inject(request('ip-partition', 'broker', {forMs: 50}), {measure: 'background'});
    const ended = await settled(system, fault.id);
    expect((ended.endedAt ?? 0) - (fault.endsAt ?? 0)).toBeGreaterThanOrEqual(190);
  });

  it('is undone when the engine stops', async () => {
    await using system = await startTestSystem();
    await system.engine.inject(request('throttle', 'identity-1', {attributes: {cpu: 0.1}}), {measure: 'background'});
    await system.engine.stop();
    expect(system.nodes.calls).toEqual(['disturb identity-1 throttle 0.1', 'calm identity-1 throttle']);
  });
});

describe('the fault engine', () => {
  it('shows in a dry run what would be touched, and touches nothing', async () => {
    await using system = await startTestSystem();
    await fetch(system.urlOf('gateway-1->identity-1')).then(answer => answer.text());
    const dry = await system.engine.dryRun(request('blackhole', 'gateway-1->identity-1'));
    expect(dry.effect?.observed).toBe('would touch 1 link (gateway-1->identity-1) with 1 live connection');
    expect(await system.fabric.toxics()).toEqual([]);
    expect(system.engine.history()).toEqual([]);
  });

  it('has a fault in its record before it applies it', async () => {
    await using system = await startTestSystem();
    const {change} = system.fabric;
    let before = '';
    vi.spyOn(system.fabric, 'change').mockImplementation(async batch => {
      before ||= await readFile(system.recordFile, 'utf8');
      return change(batch);
    });
    const fault = await system.engine.inject(request('refuse', 'broker'));
    expect(JSON.parse(before.trim())).toMatchObject({id: fault.id, state: 'planned', undo: 'remove-toxic'});
  });

  it('fails with the reason when a fault cannot be applied, and leaves nothing behind', async () => {
    await using system = await startTestSystem();
    vi.spyOn(system.nodes, 'kill').mockRejectedValue(new Error('no such process'));
    const injecting = system.engine.inject(request('crash', 'broker'));
    await expect(injecting).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: expect.stringContaining('no such process'),
    });
    expect(system.engine.list()).toEqual([]);
    expect(system.engine.history()[0]?.state).toBe('failed');
  });

  it('clears everything at once, and a second clearing changes nothing', async () => {
    await using system = await startTestSystem();
    const {engine} = system;
    await engine.inject(request('refuse', 'broker'), {measure: 'background'});
    await engine.inject(request('pause', 'stream'), {measure: 'background'});
    const cleared = await engine.clearAll({by: 'check', measure: 'background'});
    expect(cleared.map(({state, endedBy}) => `${state} ${endedBy}`)).toEqual(['ended check', 'ended check']);
    expect(await system.fabric.toxics()).toEqual([]);
    expect(system.nodes.state('stream-1')).toBe('ready');
    expect((await engine.clear(cleared[0]?.id ?? '')).endedBy).toBe('check');
    await expect(engine.clear('f-nope')).rejects.toMatchObject({code: 'UNKNOWN_FAULT'});
  });

  it('undoes at its start what an earlier one left in force', async () => {
    await using system = await startTestSystem();
    const link = await system.engine.inject(request('blackhole', 'broker'), {measure: 'background'});
    const node = await system.engine.inject(request('pause', 'stream'), {measure: 'background'});
    const record = await readFile(system.recordFile, 'utf8');
    const toxics = await system.fabric.toxics();
    await system.engine.stop();
    // As if it had been killed: the record, the toxic and the paused node are as they were.
    await writeFile(system.recordFile, record);
    await system.fabric.change({add: toxics});
    await system.nodes.pause('stream-1');
    const next = system.nextEngine();
    const healed = await next.healLeftovers();
    expect(healed.map(({id, endedBy}) => `${id} ${endedBy}`)).toEqual([`${link.id} heal`, `${node.id} heal`]);
    expect(await system.fabric.toxics()).toEqual([]);
    expect(system.nodes.state('stream-1')).toBe('ready');
    await next.stop();
    const third = system.nextEngine();
    expect(await third.healLeftovers()).toEqual([]);
    await third.stop();
  });

  it('reads a record whose last line was torn', async () => {
    await using system = await startTestSystem();
    await writeFile(system.recordFile, '{"id":"f-aaa","state":"ended","plannedAt":1}\n{"id":"f-bb');
    expect(await system.engine.healLeftovers()).toEqual([]);
    const fault = await system.engine.inject(request('refuse', 'broker'), {measure: 'background'});
    await system.engine.clear(fault.id);
    expect(system.engine.history().map(({id}) => id)).toEqual(['f-aaa', fault.id]);
    const next = system.nextEngine();
    await next.healLeftovers();
    expect(next.history().map(({state}) => state)).toEqual(['ended', 'ended']);
    await next.stop();
  });

  it('resumes what is paused and ends all faults when it stops', async () => {
    await using system = await startTestSystem();
    await system.engine.inject(request('pause', 'stream'), {measure: 'background'});
    await system.engine.inject(request('crash', 'broker'), {measure: 'background'});
    await system.engine.stop();
    expect(system.engine.history().map(({endedBy}) => endedBy)).toEqual(['down', 'down']);
    expect(system.nodes.state('stream-1')).toBe('ready');
    expect(system.nodes.state('broker')).toBe('crashed');
  });
});

/** The record once the fault has ended and its healing was measured. */
function settled(system: TestSystem, id: string): Promise<FaultRecord> {
  return vi.waitUntil(
    () => system.engine.history().find(record => record.id === id && record.healed !== undefined),
    15_000,
  );
}
