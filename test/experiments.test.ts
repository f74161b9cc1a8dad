import {spawn} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Journal} from '../src/faults/experiments/journal.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {expectDocumented} from './support/documented.ts';
import {bin, type Learner, newLearner, root} from './support/learner.ts';
import {until} from './support/until.ts';

interface RunDocument {
  readonly status: string;
  readonly outcome: string;
  readonly deviated: boolean;
  readonly because: string;
  readonly doubts: readonly string[];
  readonly journal: string;
}

const SAMPLES = join(root, 'src', 'faults', 'experiments', 'samples');
const READY = `
steady-state-hypothesis:
  title: all nodes are ready
  probes:
    - {type: probe, name: all-ready, provider: {type: teralab, probe: status, within: 30s}}
`;

/** Experiments as somebody runs them. The tests use one system, in this order. */
describe.sequential('experiments', () => {
  let learner: Learner;
  beforeAll(() => {
    learner = newLearner();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  const write = (name: string, text: string): string => {
    writeFileSync(join(learner.folder, name), text);
    return name;
  };
  const journalOf = (file: string): Journal => JSON.parse(readFileSync(file, 'utf8')) as Journal;
  const faultsInForce = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<readonly FaultRecord[]>('chaos', 'list')).document;

  describe('without a system', () => {
    const server = createServer((request, response) => {
      const answers: Readonly<Record<string, string>> = {
        '/cities': JSON.stringify({cities: [{name: 'Ankara'}, {name: 'Izmir'}]}),
        '/temperature': '21.5',
      };
      response.writeHead(200, {'content-type': request.url === '/cities' ? 'application/json' : 'text/plain'});
      response.end(answers[request.url ?? ''] ?? 'ok');
    });
    let port = '';
    beforeAll(async () => {
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
      port = String((server.address() as AddressInfo).port);
    });
    afterAll(async () => {
      server.closeAllConnections();
      await new Promise(done => server.close(done));
    });

    it('runs experiments of Chaos Toolkit as they are', async () => {
      const exchange = join(learner.folder, 'exchange.dat');
      writeFileSync(exchange, 'data');
      const env = {
        ...learner.env,
        SERVICE_URL: `http://127.0.0.1:${port}/`,
        SERVICE_PORT: port,
        EXCHANGE_FILE: exchange,
      };
      for (const sample of ['exchange-file.json', 'service-health.yaml']) {
        const {exitCode, stdout, stderr} = await execa(
          process.execPath,
          [bin, 'chaos', 'run', join(SAMPLES, sample), '--json'],
          {cwd: learner.folder, env, extendEnv: false, reject: false, stdin: 'ignore'},
        );
        expect([sample, exitCode, stderr.includes('INTERNAL')]).toEqual([sample, 0, false]);
        const document = JSON.parse(stdout) as RunDocument;
        expectDocumented('chaos run', document);
        expect(document).toMatchObject({status: 'completed', deviated: false, doubts: []});
        const journal = journalOf(document.journal);
        expect(journal.system).toBeNull();
        expect([...journal.run, ...journal.rollbacks].map(({status}) => status)).not.toContain('failed');
      }
      expect(readFileSync(exchange, 'utf8')).toBe('data');
    });

    it('says everything that is wrong, line by line', async () => {
      const file = write('wrong.yaml', 'titel: x\nmethod:\n  - {type: action, name: a, provider: {type: htp}}\n');
      const {exitCode, stdout} = await learner.run('chaos', 'validate', file);
      expect(exitCode).toBe(2);
      expect(stdout.split('\n')).toEqual([
        'wrong.yaml:1:1: An experiment has no "titel". Did you mean "title"?',
        'wrong.yaml:1:1: The title of an experiment is a text, not nothing.',
        expect.stringMatching(/^wrong.yaml:3:46: The type of a provider is .*Did you mean "http"\?$/),
      ]);
      const {document} = await learner.json('chaos', 'validate', file);
      expectDocumented('chaos validate', document);
      expect(await learner.json('chaos', 'run', file)).toMatchObject({
        exitCode: 2,
        document: {error: {code: 'BAD_EXPERIMENT'}},
      });
    });

    it('lists what comes with it, and says what it cannot find or run', async () => {
      const {document} = await learner.json<{name: string}[]>('chaos', 'run');
      expect(document.map(({name}) => name)).toContain('slow-database');
      expect(await learner.json('chaos', 'run', 'slow-databse')).toMatchObject({
        exitCode: 2,
        document: {error: {code: 'UNKNOWN_EXPERIMENT', message: expect.stringContaining('"slow-database"')}},
      });
      expect(await learner.json('chaos', 'run', 'slow-database')).toMatchObject({
        exitCode: 4,
        document: {error: {code: 'NOT_RUNNING'}},
      });
    });
  });

  it('disturbs and asks a running system, and has all of it in the journal', async () => {
    expect((await learner.run('up')).exitCode).toBe(0);
    const file = write(
      'small.yaml',
      `title: Small${READY}
method:
  - {type: action, name: visitors, provider: {type: teralab, load: mixed, rate: 10/s, for: 5s, patience: 30s}}
  - {type: action, name: slow, at: 1s, for: 3s, provider: {type: teralab, fault: latency, target: gateway->identity, latency: 100ms}}
  - {type: probe, name: slower, at: 4s, tolerance: [100, 30000], provider: {type: teralab, probe: requests, link: gateway->identity, measure: p50, window: 2s}}
  - {type: probe, name: rows, at: 4s, tolerance: [1, 1000000], provider: {type: teralab, probe: sql, node: identity-db, query: select count(*) from accounts}}
  - {type: probe, name: connections, at: 4s, tolerance: [1, 1000000], provider: {type: teralab, probe: metric, link: gateway->identity, metric: connections-total}}
  - {type: probe, name: restarts, at: 4s, tolerance: 0, provider: {type: teralab, probe: metric, node: identity-1, metric: restarts}}
  - {type: probe, name: no-errors, at: 4s, tolerance: 0, provider: {type: teralab, probe: log, node: gateway-1, pattern: '"level":(50|60)'}}
  - {type: probe, name: served, at: 4s, provider: {type: teralab, probe: slo, availability: 90%}}
`,
    );
    const dry = await learner.json('chaos', 'run', file, '--dry-run');
    expect(dry.exitCode).toBe(0);
    expectDocumented('chaos run --dry-run', dry.document);
    const {exitCode, document} = await learner.json<RunDocument>('chaos', 'run', file, '--seed', '5');
    const journal = journalOf(document.journal);
    expect(journal.run.filter(({status, tolerance_met: met}) => status !== 'succeeded' || met === false)).toEqual([]);
    expect([exitCode, document.outcome, document.because]).toEqual([
      0,
      'ok',
      expect.stringContaining('held before and after'),
    ]);
    expectDocumented('chaos run', document);
    expect(journal).toMatchObject({
      seed: 5,
      status: 'completed',
      faults: [{kind: 'latency', state: 'ended', effect: {verdict: 'bites'}}],
    });
    expect(journal.load.filter(({route}) => route === '*').reduce((sum, {sent}) => sum + sent, 0)).toBe(50);
    for (const report of ['report.html', 'report.md'])
      expect(readFileSync(join(dirname(document.journal), report), 'utf8')).toContain('Small');
    expect(await faultsInForce()).toEqual([]);
    const history = await learner.json('chaos', 'history', '--experiments');
    expectDocumented('chaos history --experiments', history.document);
  });

  it('refuses a query that writes, or that is more than one', async () => {
    const probe = (query: string): string =>
      `  - {type: probe, name: q, provider: {type: teralab, probe: sql, node: identity-db, query: "${query}"}}\n`;
    for (const query of [
      'select 1; commit; drop table accounts',
      'delete from accounts returning id',
      "select set_config('a.b', 'c', false), pg_notify('x', 'y'), nextval('outbox_position_seq')",
    ]) {
      const {exitCode, document} = await learner.json<RunDocument>(
        'chaos',
        'run',
        write('sql.yaml', `title: q\nmethod:\n${probe(query)}`),
      );
      expect([exitCode, document.because]).toEqual([1, expect.stringContaining('identity-db refuses the query')]);
    }
  });

  it('deviates with exit code 1, and is inconclusive with 3 when a fault did nothing', async () => {
    const fault = (kind: string, rest: string): string =>
      `  - {type: action, name: f, provider: {type: teralab, fault: ${kind}, target: gateway->identity, ${rest}, for: 1s}}\n`;
    const impossible = '  - {type: probe, name: p, tolerance: never, provider: {type: teralab, probe: status}}\n';
    const deviating = write('deviates.yaml', `title: d\nmethod:\n${fault('latency', 'latency: 50ms')}${impossible}`);
    expect(await learner.json<RunDocument>('chaos', 'run', deviating)).toMatchObject({
      exitCode: 1,
      document: {status: 'completed', deviated: true, because: 'p gave the text "ready", and "never" was wanted.'},
    });
    const idle = write('idle.yaml', `title: i\nmethod:\n${fault('latency', 'latency: 0ms')}`);
    expect(await learner.json<RunDocument>('chaos', 'run', idle)).toMatchObject({
      exitCode: 3,
      document: {outcome: 'inconclusive', doubts: [expect.stringContaining('had no effect')]},
    });
  });

  /** A fault for a minute, and a rollback that leaves a file. */
  const lasting = (mark: string): string =>
    write(
      'lasting.yaml',
      `title: Lasting
method:
  - {type: action, name: slow, provider: {type: teralab, fault: latency, target: gateway->identity, latency: 50ms, for: 60s}}
rollbacks:
  - {type: action, name: mark, provider: {type: process, path: touch, arguments: [${mark}]}}
`,
    );
  const begun = async (file: string) => {
    const command = spawn(process.execPath, [bin, 'chaos', 'run', file, '--json'], {
      cwd: learner.folder,
      env: learner.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    command.stdout.on('data', chunk => {
      stdout += String(chunk);
    });
    const ended = new Promise<number | null>(done => command.once('close', code => done(code)));
    await until('the fault is in force', async () => (await faultsInForce()).length === 1);
    return {command, ended, stdout: () => JSON.parse(stdout) as RunDocument};
  };

  it('heals and rolls back on Ctrl-C, and exits with 130', async () => {
    const {command, ended, stdout} = await begun(lasting('stopped.mark'));
    command.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stdout()).toMatchObject({status: 'aborted', outcome: 'interrupted'});
    expect(await faultsInForce()).toEqual([]);
    expect(existsSync(join(learner.folder, 'stopped.mark'))).toBe(true);
  });

  it('is inconclusive when somebody else heals its fault', async () => {
    const {command, ended, stdout} = await begun(
      write('short.yaml', readFileSync(join(learner.folder, lasting('x.mark')), 'utf8').replace('60s', '8s')),
    );
    const [fault] = await faultsInForce();
    expect((await learner.run('chaos', 'clear', fault?.id ?? '')).exitCode).toBe(0);
    expect(await ended).toBe(3);
    expect(stdout().doubts).toEqual([expect.stringContaining('was ended by somebody else')]);
    expect(command.exitCode).toBe(3);
  });

  it('keeps others from the system meanwhile, and leaves no fault when its runner is killed; the next command plays its rollbacks', async () => {
    const {command, ended} = await begun(lasting('killed.mark'));
    expect(await learner.json('load', '--duration', '1s')).toMatchObject({
      exitCode: 4,
      document: {error: {code: 'BUSY'}},
    });
    command.kill('SIGKILL');
    await ended;
    // A minute was asked for; nobody waits that long.
    await until('no fault is in force', async () => (await faultsInForce()).length === 0);
    expect(existsSync(join(learner.folder, 'killed.mark'))).toBe(false);
    const {stderr} = await learner.run('chaos', 'history');
    expect(stderr).toContain('was interrupted: its runner was killed');
    expect(existsSync(join(learner.folder, 'killed.mark'))).toBe(true);
    const {document} = await learner.json<{title: string; status: string; journal: string}[]>(
      'chaos',
      'history',
      '--experiments',
    );
    const last = document.at(-1);
    expect(last).toMatchObject({title: 'Lasting', status: 'interrupted'});
    expect(journalOf(last?.journal ?? '')).toMatchObject({
      status: 'interrupted',
      rollbacks: [{status: 'succeeded'}],
      faults: [{state: 'ended', endedBy: 'clear'}],
      because: expect.stringContaining('1 of its rollbacks were left'),
    });
  });

  it('shrinks what fails to the one fault that it takes', async () => {
    const file = write(
      'fails.yaml',
      `title: Fails
method:
  - {type: action, name: slow, provider: {type: teralab, fault: latency, target: stream->stream-db, latency: 20ms, for: 1s}}
  - {type: action, name: crash, provider: {type: teralab, fault: crash, target: stream-1, for: 2s}}
  - {type: action, name: slower, provider: {type: teralab, fault: latency, target: identity->identity-db, latency: 20ms, for: 1s}}
  - {type: probe, name: all-ready, tolerance: ready, provider: {type: teralab, probe: status}}
`,
    );
    const {exitCode, document} = await learner.json<{out: string; faults: {name: string}[]; minimal: boolean}>(
      'chaos',
      'shrink',
      file,
      '--runs-max',
      '6',
    );
    expect(exitCode).toBe(0);
    expectDocumented('chaos shrink', document);
    expect(document.faults.map(({name}) => name)).toEqual(['crash']);
    const again = await learner.json<RunDocument>('chaos', 'run', document.out);
    expect(again).toMatchObject({exitCode: 1, document: {deviated: true}});
  });

  it('comes with experiments that hold what they say', async () => {
    const {document} = await learner.json<RunDocument & {expected: string}>('chaos', 'run', 'slow-database');
    expect(document).toMatchObject({expected: 'completed', status: 'completed', deviated: false, doubts: []});
  });
});
