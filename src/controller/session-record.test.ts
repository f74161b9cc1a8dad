import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type SessionRecord, sessionRecords} from './session-record.ts';

const RECORD: SessionRecord = {
  session: 'abc',
  workspace: '/home/ada/teralab',
  runtime: 'process',
  socket: '/run/user/1000/teralab-1000/0123.sock',
  controller: {name: 'controller', pid: 42, startTime: 'then'},
  nodes: [{name: 'broker', pid: 43, startTime: 'then'}],
};

describe('session records', () => {
  let state: string;
  const file = (name: string): string => join(state, 'sessions', name);

  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), 'teralab-records-'));
    await sessionRecords(state).write('one', RECORD);
  });
  afterEach(() => rmSync(state, {recursive: true, force: true}));

  it('are read as they were written, until they are removed', async () => {
    const records = sessionRecords(state);
    expect(await records.read('one')).toEqual(RECORD);
    expect(await records.read('two')).toBeUndefined();
    await records.remove('one');
    expect(await records.read('one')).toBeUndefined();
    await expect(records.remove('one')).resolves.toBeUndefined();
  });

  it.each(['', '{', 'null', '{"version":1}', '{"version":1,"session":"","controller":{}}'])(
    'that hold %j are put aside and count as none',
    async damage => {
      writeFileSync(file('one.json'), damage);
      expect(await sessionRecords(state).read('one')).toBeUndefined();
      expect(existsSync(file('one.json'))).toBe(false);
      expect(existsSync(file('one.json.damaged'))).toBe(true);
    },
  );

  it('of a newer teralab are left alone, with NEWER_VERSION', async () => {
    writeFileSync(file('one.json'), '{"version":99}');
    await expect(sessionRecords(state).read('one')).rejects.toMatchObject({code: 'NEWER_VERSION'});
    expect(existsSync(file('one.json'))).toBe(true);
  });

  it('are listed without those that cannot be read', async () => {
    writeFileSync(file('two.json'), '{');
    writeFileSync(file('three.json'), '{"version":99}');
    writeFileSync(file('one.lock'), '42 then');
    expect(await sessionRecords(state).list()).toEqual([{workspaceId: 'one', record: RECORD}]);
  });
});
