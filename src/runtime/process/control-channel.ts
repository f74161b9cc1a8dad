import type {Duplex} from 'node:stream';
import {z} from 'zod';
import type {NodeReport} from '../runtime.ts';

/** A line that is longer is not the kit's: learners' code runs in the same process and could write here. */
const LINE_LENGTH_MAX = 65_536;

/** What nodes may say, as `services/kit/environment.ts` defines it. */
const reportShape = z.discriminatedUnion('type', [
  z.object({type: z.literal('armed'), point: z.string()}),
  z.object({type: z.literal('crash-point'), point: z.string(), at: z.number()}),
  z.object({
    type: z.literal('seam-error'),
    seam: z.string(),
    file: z.string(),
    line: z.number().optional(),
    message: z.string(),
  }),
  z.object({type: z.literal('exit-called'), code: z.number(), stack: z.string()}),
  z.object({type: z.literal('config-error'), message: z.string()}),
]);

export interface ControlChannel {
  /** The node's `armed` for this point. Never settles when the node does not answer. */
  arm(point: string, skip: number): Promise<void>;
  disarm(): Promise<void>;
  /** Reports so far are told at once, so that none is missed between the start of a node and this call. */
  onReport(listener: (report: NodeReport) => void): void;
  /** Settles when the node has closed its side and everything that it said is told. */
  readonly ended: Promise<void>;
  destroy(): void;
}

/** Speaks the control channel over the lab's end of the pipe. */
export function createControlChannel(pipe: Duplex): ControlChannel {
  const reports: NodeReport[] = [];
  const listeners: ((report: NodeReport) => void)[] = [];
  const waiting = new Map<string, (() => void)[]>();
  let partial = '';

  const hear = (line: string): void => {
    const report = parseReport(line);
    if (report === undefined) return;
    if (report.type === 'armed') {
      waiting.get(report.point)?.shift()?.();
      return;
    }
    reports.push(report);
    for (const listener of listeners) listener(report);
  };
  pipe.setEncoding('utf8');
  pipe.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    partial = lines.pop() ?? '';
    if (partial.length > LINE_LENGTH_MAX) partial = '';
    for (const line of lines) hear(line);
  });
  // A node that is killed resets the pipe; its exit tells the story.
  pipe.on('error', () => undefined);
  const ended = new Promise<void>(resolve => {
    pipe.once('end', resolve);
    pipe.once('close', resolve);
  });
  const send = async (command: object): Promise<void> =>
    new Promise(resolve => {
      if (pipe.destroyed || !pipe.writable) resolve();
      else pipe.write(`${JSON.stringify(command)}\n`, () => resolve());
    });

  return {
    arm: async (point, skip) => {
      const armed = new Promise<void>(resolve => waiting.set(point, [...(waiting.get(point) ?? []), resolve]));
      await send({type: 'arm', point, skip});
      await armed;
    },
    disarm: async () => send({type: 'disarm'}),
    onReport: listener => {
      listeners.push(listener);
      for (const report of reports) listener(report);
    },
    ended,
    destroy: () => pipe.destroy(),
  };
}

function parseReport(line: string): NodeReport | {readonly type: 'armed'; readonly point: string} | undefined {
  if (line.length > LINE_LENGTH_MAX) return undefined;
  try {
    const parsed = reportShape.safeParse(JSON.parse(line));
    if (!parsed.success) return undefined;
    const report = parsed.data;
    if (report.type !== 'seam-error') return report;
    const {line: place, ...rest} = report;
    return place === undefined ? rest : {...rest, line: place};
  } catch {
    return undefined;
  }
}
