import {Duplex, PassThrough, Writable} from 'node:stream';
import type Docker from 'dockerode';
import type {Engine} from './engine.ts';

/** Begins a report of the kit on stderr (services/kit/environment.ts). */
const REPORT_MARK = '\u001e';
const LINE_LENGTH_MAX = 1_000_000;

/** The lab's end of a container's standard streams. */
export interface Attached {
  /** Commands go to stdin, reports come from stderr. */
  readonly control: Duplex;
  /** Settles when the container has said its last word. */
  readonly ended: Promise<void>;
  detach(): void;
}

/** Attaches to a container that is not started yet, so that no word is missed. What is not a report goes to the log. */
export async function attach(engine: Engine, container: Docker.Container, log: Writable): Promise<Attached> {
  const stream = await container.attach({stream: true, stdin: true, stdout: true, stderr: true, hijack: true});
  const reports = new PassThrough();
  const errors = splitReports(reports, log);
  engine.modem.demuxStream(stream, log, errors);
  const ended = new Promise<void>(resolve => {
    const finish = (): void => {
      errors.end(() => {
        reports.end();
        resolve();
      });
    };
    stream.once('end', finish);
    stream.once('close', finish);
  });
  // A container that is gone resets the stream; its end tells the story.
  stream.on('error', () => undefined);
  const commands = new Writable({
    write: (chunk, _, done) => {
      stream.write(chunk, () => done());
    },
  });
  return {
    control: Duplex.from({readable: reports, writable: commands}),
    ended,
    detach: () => stream.end(),
  };
}

/** Hands the reports among the lines of stderr on, and everything else to the log. */
export function splitReports(reports: Writable, log: Writable): Writable {
  let partial = '';
  const take = (line: string): void => {
    if (line.startsWith(REPORT_MARK)) reports.write(line.slice(1));
    else log.write(line);
  };
  return new Writable({
    write: (chunk: Buffer, _, done) => {
      const lines = (partial + chunk.toString('utf8')).split(/(?<=\n)/);
      const last = lines.at(-1) ?? '';
      partial = last.endsWith('\n') || last.length > LINE_LENGTH_MAX ? '' : (lines.pop() ?? '');
      lines.forEach(take);
      done();
    },
    final: done => {
      if (partial !== '') take(partial);
      done();
    },
  });
}
