import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Catalogue} from '../labs/catalogue.ts';
import {parseHints} from '../labs/hints.ts';
import type {AnyLab} from '../labs/lab.ts';
import {openProgress} from '../labs/progress.ts';
import {openWorkspace} from '../labs/workspace.ts';
import {type LabSources, realLabs} from './real-labs.ts';
import {sampleResult} from './testing/samples.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lab = {
  id: 'p2-04-no-lost-events',
  title: 'No lost events',
  phase: 2,
  weeks: [5, 6],
  objective: 'distributed transactions',
  concepts: [],
  minutes: 40,
  needs: [],
  seams: {identity: {publisher: 'publisher.ts'}},
  watch: 'missing events',
  tasks: sampleResult.tasks.map(({id, title}) => ({id, title})),
  wrong: [{name: 'publish-first', task: 'nothing-missing', code: 'PHANTOM', why: 'it looks safe'}],
} as unknown as AnyLab;

let folder: string;
let sources: LabSources;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-tui-'));
  const labFolder = join(folder, 'lab');
  for (const part of ['start', 'solution']) {
    await mkdir(join(labFolder, part), {recursive: true});
    await writeFile(join(labFolder, part, 'publisher.ts'), `export const from = '${part}';\n`);
  }
  const texts = {
    brief: '# No lost events',
    debrief: 'Why it works.',
    teach: '',
    hintProblems: [],
    ...parseHints(
      '## nothing-missing / EVENT_MISSING / 1\nWhat is missing?\n\n## nothing-missing / EVENT_MISSING / 2\nThe outbox.\n',
    ),
  };
  const catalogue: Catalogue = {
    list: async () => [lab],
    ids: async () => [lab.id],
    load: async () => lab,
    texts: async () => texts,
    folder: async () => labFolder,
  };
  sources = {
    catalogue,
    progress: openProgress(join(folder, 'data')),
    workspace: openWorkspace({
      folder: join(folder, 'workspace'),
      templates: join(root, 'templates/workspace'),
      services: join(root, 'services'),
    }),
  };
});

afterEach(async () => rm(folder, {recursive: true, force: true}));

/** What a check leaves behind. */
async function record(result = sampleResult): Promise<void> {
  const runFolder = join(folder, 'run');
  await mkdir(runFolder, {recursive: true});
  await writeFile(join(runFolder, 'result.json'), JSON.stringify(result));
  await sources.progress.recordCheck({
    result,
    tasks: result.tasks.map(({id}) => id),
    runFolder,
    judged: [],
    quick: false,
  });
}

describe('the labs of the screen', () => {
  it('give a lab with the files that the learner edits, copied from its start', async () => {
    const text = await realLabs(sources).lab('p2-04');
    expect(text).toMatchObject({id: lab.id, brief: '# No lost events', watch: 'missing events', last: null});
    expect(text.files).toEqual([join(folder, 'workspace/labs/p2-04-no-lost-events/publisher.ts')]);
    await expect(readFile(text.files[0] ?? '', 'utf8')).resolves.toContain('start');
  });

  it('remember the last verdict, and its mark on the path', async () => {
    await record();
    const labs = realLabs(sources);
    await expect(labs.lab(lab.id)).resolves.toMatchObject({last: sampleResult});
    const {blocks, next} = await labs.path();
    expect(blocks.flatMap(block => block.labs).find(({id}) => id === lab.id)?.status).toBe('failed');
    expect(next).toBe(lab.id);
  });

  it('give one hint after the other for what failed', async () => {
    const labs = realLabs(sources);
    await expect(labs.hint(lab.id)).rejects.toMatchObject({code: 'NOTHING_CHECKED'});
    await record();
    const hints = [await labs.hint(lab.id), await labs.hint(lab.id), await labs.hint(lab.id)];
    expect(hints.map(({text}) => text.split('\n')[0])).toEqual(['What is missing?', 'The outbox.', 'The outbox.']);
    expect(hints[0]?.title).toBe('Hint 1 of 2: nothing-missing, EVENT_MISSING');
  });

  it('keep the reference until a pass, or reveal it and record that', async () => {
    const labs = realLabs(sources);
    await labs.lab(lab.id);
    await expect(labs.solution(lab.id, false)).rejects.toMatchObject({code: 'NOT_PASSED_YET'});
    const {text} = await labs.solution(lab.id, true);
    expect(text).toContain("from = 'solution'");
    expect(text).toContain("from = 'start'");
    expect(text).toContain('**publish-first**: it looks safe (refused by nothing-missing: PHANTOM)');
    expect((await sources.progress.read()).labs[lab.id]?.revealed).toBe(true);
  });

  it('reset to fresh files and say where the old ones are', async () => {
    const labs = realLabs(sources);
    const [file = ''] = (await labs.lab(lab.id)).files;
    await writeFile(file, 'mine');
    const sentence = await labs.reset(lab.id);
    expect(sentence).toContain(join(folder, 'workspace/labs/p2-04-no-lost-events/kept'));
    await expect(readFile(file, 'utf8')).resolves.toContain('start');
  });
});
