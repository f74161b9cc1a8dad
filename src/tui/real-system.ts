import {join} from 'node:path';
import {type ControllerClient, ensureController} from '../controller/client.ts';
import {LabError} from '../errors.ts';
import {follow, lastLines} from '../observe/follow-log.ts';
import {parseLogLine} from '../observe/log-line.ts';
import {labPaths, workspaceId} from '../paths.ts';
import type {ScreenSession} from './session.ts';
import {clockTime} from './views/figures.ts';

/** The part of the session that is the running system, through its controller. */
export function realSystem(
  workspace: string,
  labs?: string,
): Pick<
  ScreenSession,
  'bringUp' | 'watch' | 'check' | 'break' | 'askPrediction' | 'sealPrediction' | 'inject' | 'clear' | 'logs' | 'close'
> {
  let main: ControllerClient | undefined;
  let closed = false;
  const others = labs === undefined ? {} : {labs};
  const connected = (): ControllerClient => {
    if (main === undefined) throw new LabError('NOT_RUNNING', 'The system has not been brought up.');
    return main;
  };
  // What a client asked for is stopped by closing its connection, so each run has one of its own.
  const alone = async <Result>(use: (client: ControllerClient) => Promise<Result>): Promise<Result> => {
    const client = await ensureController(workspace, () => undefined);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  };
  return {
    bringUp: async onProgress => {
      main?.close();
      const client = await ensureController(workspace, text => onProgress({type: 'progress', text}));
      if (closed) client.close();
      main = client;
      return client.call('up', {}, onProgress);
    },
    watch: async (listener, signal) => {
      await connected().call('watch', {}, ({status}) => listener({status}), signal);
    },
    check: async (lab, onEvent, signal) => alone(client => client.call('check', {lab, ...others}, onEvent, signal)),
    break: async (lab, onEvent, signal) => alone(client => client.call('break', {lab, ...others}, onEvent, signal)),
    askPrediction: async (lab, moment) => connected().call('predict.ask', {lab, ...others, moment}),
    sealPrediction: async (lab, {moment, seed}, answer) =>
      connected().call('predict.seal', {lab, ...others, moment, seed, answer}),
    inject: async request => connected().call('chaos.inject', {request}),
    clear: async id => connected().call('chaos.clear', id === undefined ? {} : {id}),
    logs: async (node, onLines, signal) => {
      const file = join(labPaths().state, 'logs', await workspaceId(workspace), `${node}.log`);
      const {lines, position} = await lastLines(file, LOG_LINES);
      let shown = lines.map(line => readable(node, line));
      onLines(shown);
      await follow(
        file,
        position,
        more => {
          shown = [...shown, ...more.map(line => readable(node, line))].slice(-LOG_LINES);
          onLines(shown);
        },
        signal,
      );
    },
    close: () => {
      closed = true;
      main?.close();
    },
  };
}

/** A line of a log in the words of its node: services write JSON, Postgres its own format. */
function readable(node: string, raw: string): string {
  const {time, level, message, facts} = parseLogLine(node, raw);
  const details = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [time === null ? undefined : clockTime(time), level ?? undefined, message, ...details]
    .filter(part => part !== undefined && part !== '')
    .join(' ');
}

const LOG_LINES = 300;
