import {appendFile, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {FaultRecord} from '../faults/fault.ts';
import {createRecordFile} from '../faults/record-file.ts';
import type {SessionNodes} from '../runtime/docker/session-nodes.ts';
import {processStartTime} from '../runtime/process/leftovers.ts';
import {watch} from './watchdog.ts';

const DEAD = {name: 'controller', pid: 2 ** 22 + 1, startTime: 'never'};
const ALIVE = {name: 'controller', pid: process.pid, startTime: processStartTime(process.pid) ?? ''};

describe('the watchdog of a session', () => {
  let folder: string;
  let calls: string[];
  let refusals: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-watchdog-'));
    for (const name of ['faults', 'sessions']) await mkdir(join(folder, name));
    calls = [];
    refusals = 0;
  });
  afterEach(async () => rm(folder, {recursive: true}));

  const sessionFile = (): string => join(folder, 'sessions', 'w.json');
  const faultFile = (): string => join(folder, 'faults', 'w.jsonl');
  const recordSession = async (controller = DEAD, session = 's-1'): Promise<void> =>
    writeFile(
      sessionFile(),
      JSON.stringify({session, controller, nodes: [], engine: {host: 'unix:///e', source: 't'}}),
    );
  const plan = async (change: Partial<FaultRecord>): Promise<void> => {
    const fault = {
      id: 'f-1',
      kind: 'pause',
      attributes: {},
      nodes: ['a'],
      undo: 'resume',
      state: 'active',
      plannedAt: 1,
    };
    await appendFile(faultFile(), `${JSON.stringify({...fault, ...change})}\n`);
  };
  const nodes: SessionNodes = {
    resume: async node => {
      if (refusals-- > 0) throw new Error('the engine does not answer');
      calls.push(`resume ${node}`);
    },
    disarm: async node => void calls.push(`disarm ${node}`),
    calm: async (node, kind) => void calls.push(`calm ${node} ${kind}`),
    disturb: async (node, {kind}) => void calls.push(`disturb ${node} ${kind}`),
  };
  const start = async (): Promise<void> =>
    watch({stateFolder: folder, workspaceId: 'w', session: 's-1', openNodes: async () => nodes});
  const records = async (): Promise<readonly FaultRecord[]> => createRecordFile(faultFile()).read();

  it('undoes what is overdue of a dead controller, not before its end, and says so in the record', async () => {
    await recordSession();
    const endsAt = Date.now() + 300;
    await plan({endsAt});
    const watching = start();
    await vi.waitUntil(() => calls.length > 0, 10_000);
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt);
    const [ended] = await vi.waitUntil(async () => {
      const found = await records();
      return found[0]?.state === 'ended' && found;
    }, 10_000);
    expect(ended).toMatchObject({endedBy: 'heal', healed: {observed: expect.stringContaining('watchdog')}});
    await rm(sessionFile());
    await watching;
    expect(calls).toEqual(['resume a']);
  });

  it('leaves the faults of a living controller to it', async () => {
    await recordSession(ALIVE);
    await plan({endsAt: Date.now() - 100});
    const watching = start();
    await plan({id: 'f-2', endsAt: Date.now() - 60_000, nodes: ['stuck']});
    await vi.waitUntil(() => calls.length > 0, 10_000);
    expect(calls[0]).toBe('resume stuck');
    await recordSession(ALIVE, 's-2');
    await watching;
  });

  it('tries again what the engine refused', async () => {
    refusals = 2;
    await recordSession();
    await plan({endsAt: 1, undo: 'resume'});
    const watching = start();
    await vi.waitUntil(() => calls.length > 0, 10_000);
    await rm(sessionFile());
    await watching;
    expect(calls).toEqual(['resume a']);
  });

  it('ends with the session', async () => {
    await start();
    await recordSession(ALIVE, 's-2');
    await start();
    expect(calls).toEqual([]);
  });
});
