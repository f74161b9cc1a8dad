import type {IncomingMessage} from 'node:http';
import {text} from 'node:stream/consumers';
import type {Engine} from './engine.ts';

/**
 * Waits until a container has ended, and returns its exit code. The engine begins its answer at once and ends it then; its client's own
 * `wait` would never settle when the engine dies in between. Errors: those of the client; an answer that is cut off is one too.
 */
export async function waitForEnd(engine: Engine, container: string): Promise<number> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    engine.modem.dial(
      {path: `/containers/${container}/wait`, method: 'POST', isStream: true, statusCodes: {200: true}},
      (error: unknown, stream: unknown) => (error === null ? resolve(stream as IncomingMessage) : reject(error)),
    );
  });
  const {StatusCode: code} = JSON.parse(await text(answer)) as {StatusCode: number};
  return code;
}
