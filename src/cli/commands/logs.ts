import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import {follow, lastLines} from '../../observe/follow-log.ts';
import {type LogLine, parseLogLine} from '../../observe/log-line.ts';
import {labPaths, workspaceId} from '../../paths.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {renderLogLine} from '../render/log-line.ts';

export interface LogsFlags {
  readonly follow?: boolean;
  readonly lines?: number;
}

const LINES_DEFAULT = 20;

export async function run(context: Context, names: readonly string[], flags: LogsFlags): Promise<Outcome> {
  const chosen = chooseNodes(await loggingNodes(context), names);
  const nodeWidth = Math.max(...chosen.map(({name}) => name.length));
  const print = (line: LogLine): void => {
    if (context.json) context.record({...line, time: line.time === null ? null : new Date(line.time).toISOString()});
    else context.line(renderLogLine(line, {nodeWidth, paint}));
  };
  const tails = await Promise.all(
    chosen.map(async ({name, log}) => {
      const {lines, position} = await lastLines(log, flags.lines ?? LINES_DEFAULT);
      return {name, log, position, lines: lines.map(raw => parseLogLine(name, raw))};
    }),
  );
  for (const line of inOrder(tails.map(({lines}) => lines))) print(line);
  if (flags.follow !== true) return 'ok';
  context.doing('no longer following the logs');
  await Promise.all(
    tails.map(async ({name, log, position}) =>
      follow(log, position, lines => lines.map(raw => print(parseLogLine(name, raw))), context.signal),
    ),
  );
  return 'interrupted';
}

interface LoggingNode {
  readonly name: string;
  readonly service: string;
  /** File. */
  readonly log: string;
}

/** The nodes of the running system, or those of the last one: logs outlive it. */
async function loggingNodes(context: Context): Promise<readonly LoggingNode[]> {
  const folder = join(labPaths().state, 'logs', await workspaceId(context.workspace));
  const logOf = (node: string): string => join(folder, `${node}.log`);
  const client = await context.controllers.find(context.workspace);
  if (client !== undefined) {
    try {
      const {nodes} = await client.call('status', {}, undefined, context.signal);
      return nodes.map(({name, service}) => ({name, service, log: logOf(name)}));
    } finally {
      client.close();
    }
  }
  const files = (await readdir(folder).catch(() => [])).filter(file => file.endsWith('.log')).sort();
  if (files.length === 0)
    throw new LabError(
      'NOT_RUNNING',
      `No system is running for the workspace ${context.workspace}, and none has left logs.`,
    );
  context.say('No system is running; these are the logs of the last one.');
  return files.map(file => {
    const name = file.slice(0, -'.log'.length);
    return {name, service: name.replace(/-\d+$/, ''), log: logOf(name)};
  });
}

/** Nodes by their own names or their services'; all of them when none is named. */
function chooseNodes(all: readonly LoggingNode[], names: readonly string[]): readonly LoggingNode[] {
  if (names.length === 0) return all;
  const chosen = names.map(wanted => {
    const found = all.filter(({name, service}) => name === wanted || service === wanted);
    if (found.length > 0) return found;
    const close = nearest(
      wanted,
      all.flatMap(({name, service}) => [name, service]),
    );
    throw new LabError(
      'UNKNOWN_NODE',
      `There is no node or service "${wanted}".${close === undefined ? '' : ` Did you mean ${close}?`}`,
    );
  });
  return [...new Map(chosen.flat().map(node => [node.name, node])).values()];
}

/** By time over all nodes; a line without a time stays behind the one before it. */
function inOrder(logs: readonly (readonly LogLine[])[]): readonly LogLine[] {
  const timed = logs.flatMap(lines => {
    let last = 0;
    return lines.map(line => {
      last = line.time ?? last;
      return {at: last, line};
    });
  });
  return timed.toSorted((a, b) => a.at - b.at).map(({line}) => line);
}
