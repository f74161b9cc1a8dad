import {readFileSync} from 'node:fs';
import {markedProcesses} from '../src/runtime/process/leftovers.ts';
import {childrenOf} from '../src/runtime/process/process-table.ts';
import {createBenchLab, mustWork} from './support/lab.ts';
import {median, option, printFigures} from './support/report.ts';

/**
 * What an idle system without a screen takes: memory of all its processes together, each shared page counted once (PSS), and CPU.
 * Linux only. Options: `--seconds 10`, `--settle 5`, `--windows 3`, `--json`.
 */
const WINDOW_MS = option('seconds', 10) * 1_000;
const SETTLE_MS = option('settle', 5) * 1_000;
const WINDOWS = option('windows', 3);
const TICK_MS = 10;

interface Usage {
  readonly pssKb: number;
  readonly rssKb: number;
  readonly cpuMs: number;
}

async function main(): Promise<void> {
  const lab = createBenchLab();
  try {
    // The second start has what the first has cached, as on every day but the first.
    mustWork('up', await lab.run(['up', '--json']));
    mustWork('down', await lab.run(['down']));
    const {stdout} = mustWork('up', await lab.run(['up', '--json']));
    const {session, nodes, controller} = JSON.parse(stdout) as {
      readonly session: string;
      readonly controller: {readonly pid: number};
      readonly nodes: readonly {readonly name: string; readonly pid: number}[];
    };
    await sleep(SETTLE_MS);
    const shares: number[] = [];
    for (let window = 0; window < WINDOWS; window++) {
      const before = cpuOf(processesOf(session, nodes));
      const begin = performance.now();
      await sleep(WINDOW_MS);
      shares.push(((cpuOf(processesOf(session, nodes)) - before) / (performance.now() - begin)) * 100);
    }
    const pids = processesOf(session, nodes);
    const usages = new Map(pids.map(pid => [pid, usageOf(pid)]));
    const total = sum([...usages.values()]);
    const roots = [{name: 'controller', pid: controller.pid}, ...nodes];
    const parts = roots.map(
      ({name, pid}) =>
        `${name} ${megabytes(sum(processesBelow(name, pid).flatMap(each => usages.get(each) ?? [])).pssKb)}`,
    );
    printFigures('memory', [
      {what: 'idle system, PSS', value: total.pssKb / 1_000, bound: 350, unit: 'MB', detail: parts.join(', ')},
      {
        what: 'the same, were it alone',
        value: aloneKb(pids) / 1_000,
        bound: 350,
        unit: 'MB',
        detail: 'pages of files counted once; PSS falls with every other Node on the machine',
      },
      {what: 'idle system, RSS', value: total.rssKb / 1_000, unit: 'MB', detail: `${pids.length} processes`},
      {
        what: 'idle system, CPU',
        value: median(shares),
        bound: 3,
        unit: '% of a core',
        detail: `${WINDOWS} windows of ${WINDOW_MS / 1_000} s: ${shares.map(share => share.toFixed(1)).join(', ')}`,
      },
    ]);
  } finally {
    await lab.remove();
  }
}

/** All that carries the session's mark, and the children of its Postgres nodes, which write over their environment. */
function processesOf(session: string, nodes: readonly {readonly pid: number}[]): readonly number[] {
  return [...new Set([...markedProcesses(session), ...nodes.flatMap(({pid}) => childrenOf(pid))])];
}

/** A node's process with its children; of the controller, whose children the nodes are, only itself. */
function processesBelow(name: string, pid: number): readonly number[] {
  return name === 'controller' ? [pid] : [pid, ...childrenOf(pid)];
}

function usageOf(pid: number): Usage {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);
  return {pssKb: kilobytes('Pss'), rssKb: kilobytes('Rss'), cpuMs: cpuOf([pid])};
}

/**
 * What the same processes would take on a machine where nobody else runs the same programs: memory of their own (and what Postgres'
 * processes share among themselves), and of each file the largest part that one of them has in memory.
 */
function aloneKb(pids: readonly number[]): number {
  let own = 0;
  const files = new Map<string, number>();
  for (const pid of pids) {
    const ofThis = new Map<string, number>();
    let file: string | undefined;
    for (const line of read(`/proc/${pid}/smaps`).split('\n')) {
      const mapping = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (\d+)\s*(.*)$/.exec(line);
      if (mapping !== null) file = mapping[1] === '0' || mapping[2]?.startsWith('/dev/') ? undefined : mapping[2];
      const [, name, value] = /^(Rss|Pss|Anonymous):\s+(\d+) kB$/.exec(line) ?? [];
      if (file === undefined) {
        if (name === 'Pss') own += Number(value);
      } else if (name === 'Rss') ofThis.set(file, (ofThis.get(file) ?? 0) + Number(value));
      else if (name === 'Anonymous') {
        // Pages of a file that were written to are the process's own.
        own += Number(value);
        ofThis.set(file, (ofThis.get(file) ?? 0) - Number(value));
      }
    }
    for (const [name, kilobytes] of ofThis) files.set(name, Math.max(files.get(name) ?? 0, kilobytes));
  }
  return [...files.values()].reduce((all, kilobytes) => all + kilobytes, own);
}

function sum(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (all, one) => ({pssKb: all.pssKb + one.pssKb, rssKb: all.rssKb + one.rssKb, cpuMs: all.cpuMs + one.cpuMs}),
    {pssKb: 0, rssKb: 0, cpuMs: 0},
  );
}

/** With the children that have ended and were waited for: probes of Postgres are short-lived backends. */
function cpuOf(pids: readonly number[]): number {
  return pids.reduce((all, pid) => {
    const fields = statFields(pid);
    return all + [11, 12, 13, 14].reduce((ticks, field) => ticks + Number(fields[field] ?? 0), 0) * TICK_MS;
  }, 0);
}

function statFields(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function megabytes(kilobytes: number): string {
  return `${Math.round(kilobytes / 1_000)}`;
}

async function sleep(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
}

await main();
