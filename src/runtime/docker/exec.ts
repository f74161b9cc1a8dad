import {PassThrough, type Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {type Engine, engineError, reasonOf} from './engine.ts';

/** What a program that ran in a container said; `code` is 126 or more where it could not be run. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program in a running container, under the container's own limits and rights. Errors: those of `engineError`. */
export async function execIn(engine: Engine, container: string, command: readonly string[]): Promise<Ran> {
  try {
    const made = await engine
      .getContainer(container)
      .exec({Cmd: [...command], AttachStdout: true, AttachStderr: true, Tty: false});
    const said = await readBoth(engine, await made.start({}));
    const {ExitCode: code} = await made.inspect();
    return {...said, code: code ?? 126};
  } catch (error) {
    // An image without this program: the engine refuses to start it, and says so in words only.
    if (/executable file not found|no such file or directory/i.test(reasonOf(error)))
      return {code: 127, output: '', errors: reasonOf(error)};
    throw engineError(error, `${command[0]} could not be run in a container`);
  }
}

/** Both streams of a container to their end, told apart. */
export async function readBoth(
  engine: Engine,
  stream: NodeJS.ReadableStream,
): Promise<{readonly output: string; readonly errors: string}> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const [said, wrong] = [text(output), text(errors)];
  engine.modem.demuxStream(stream, output, errors);
  await new Promise<void>(resolve => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
    (stream as Readable).resume?.();
  });
  output.end();
  errors.end();
  return {output: await said, errors: await wrong};
}
