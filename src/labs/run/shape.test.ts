import {mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {monolithTopology} from '../../topology/boundaries.ts';
import {defaultTopology} from '../../topology/default.ts';
import type {AnyLab} from '../lab.ts';
import {readShape} from './shape.ts';

const lab = (topology?: AnyLab['topology']): AnyLab => ({topology}) as AnyLab;

describe('the shape of a lab', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-shape-'));
  });
  afterEach(() => rm(folder, {recursive: true, force: true}));

  it("is the system as it was started, or the lab's own", async () => {
    expect(await readShape(lab(), folder)).toEqual({topology: undefined, judged: []});
    expect(await readShape(lab(defaultTopology()), folder)).toEqual({topology: defaultTopology(), judged: []});
  });

  it("is read from the learner's file, which is judged", async () => {
    const text = 'processes: {monolith: {modules: [accounts, quotas, activity, alerts], database: monolith-db}}';
    await writeFile(join(folder, 'boundaries.yaml'), text);
    const shape = await readShape(lab({boundaries: 'boundaries.yaml'}), folder);
    expect(shape).toMatchObject({topology: monolithTopology(), judged: [{file: 'boundaries.yaml'}]});
  });

  it.each([
    ['is missing', undefined, 'NOT_YOURS'],
    ['is no YAML', 'processes: [', 'DOES_NOT_BUILD'],
    ['declares nodes and links, such as replicas, instead', JSON.stringify(defaultTopology()), 'DOES_NOT_BUILD'],
    ['declares what cannot be', 'processes: {a: {modules: [accounts]}}', 'DOES_NOT_BUILD'],
  ])('fails every task when the file %s', async (_, text, code) => {
    if (text !== undefined) await writeFile(join(folder, 'boundaries.yaml'), text);
    expect(await readShape(lab({boundaries: 'boundaries.yaml'}), folder)).toMatchObject({
      stopped: {verdict: 'fail', code},
    });
  });

  it("is never read from outside of the learner's folder", async () => {
    await symlink('/etc/hostname', join(folder, 'boundaries.yaml'));
    expect(await readShape(lab({boundaries: 'boundaries.yaml'}), folder)).toMatchObject({stopped: {code: 'NOT_YOURS'}});
  });
});
