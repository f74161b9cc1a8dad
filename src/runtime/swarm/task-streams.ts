import {Duplex, PassThrough, Writable} from 'node:stream';
import type Docker from 'dockerode';
import {type Attached, splitReports} from '../docker/attach.ts';
import type {Engine} from '../docker/engine.ts';

const AGAIN_AFTER_MS = 500;

/**
 * The lab's end of a task's standard streams. The engine has started it before anybody could attach, so that what it says is read from its
 * log, from the beginning on; where that breaks off while it runs, it is read anew and what was there already is left out.
 */
export function followTask(engine: Engine, container: Docker.Container, log: Writable): Attached {
  const reports = new PassThrough();
  const errors = splitReports(reports, log);
  let detached = false;
  let current: {destroy(): void} | undefined;
  const output = counting(log);
  const errorOutput = counting(errors);

  /** Whether the log was read to its end: the container has ended. */
  const readOnce = async (): Promise<boolean> => {
    const stream = (await container.logs({follow: true, stdout: true, stderr: true})) as unknown as Duplex;
    current = stream;
    output.restart();
    errorOutput.restart();
    engine.modem.demuxStream(stream, output, errorOutput);
    return new Promise(resolve => {
      stream.once('end', () => resolve(true));
      stream.once('close', () => resolve(false));
      stream.on('error', () => resolve(false));
    });
  };
  const read = async (): Promise<void> => {
    while (!detached && !(await readOnce().catch(error => isForgotten(error)))) await delay(AGAIN_AFTER_MS);
    await new Promise<void>(resolve => errors.end(() => resolve()));
    reports.end();
  };

  let stdin: Promise<Duplex> | undefined;
  const openStdin = async (): Promise<Duplex> => {
    const stream = (await container.attach({stream: true, stdin: true, hijack: true})) as Duplex;
    stream.on('error', () => undefined);
    stream.once('close', () => {
      stdin = undefined;
    });
    stream.resume();
    return stream;
  };
  const commands = new Writable({
    write: (chunk, _, done) => {
      stdin ??= openStdin();
      // A node that cannot be told anything does not answer either, and that is what is waited for.
      stdin.then(
        stream => stream.write(chunk, () => done()),
        () => {
          stdin = undefined;
          done();
        },
      );
    },
  });
  return {
    control: Duplex.from({readable: reports, writable: commands}),
    ended: read(),
    detach: () => {
      detached = true;
      current?.destroy();
      void stdin?.then(
        stream => stream.destroy(),
        () => undefined,
      );
    },
  };
}

interface Counting extends Writable {
  /** The next bytes are the first ones again. */
  restart(): void;
}

/** Passes on every byte once, however often the beginning is written again. */
function counting(target: Writable): Counting {
  let passed = 0;
  let position = 0;
  const writable = new Writable({
    write: (chunk: Buffer, _, done) => {
      const fresh = chunk.subarray(Math.max(0, Math.min(chunk.length, passed - position)));
      position += chunk.length;
      if (fresh.length === 0) return done();
      passed += fresh.length;
      target.write(fresh, () => done());
    },
  });
  return Object.assign(writable, {
    restart: () => {
      position = 0;
    },
  });
}

/** A container that is not there any more has said its last word. */
function isForgotten(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 404;
}

async function delay(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms).unref());
}
