import {readFile} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {type LabError, toErrorData} from '../errors.ts';
import type {Outcome} from './command.ts';
import type {Context} from './context.ts';

/** Content is compared, by polling: it works on every file system, and a save that changes nothing checks nothing. */
const POLL_EVERY_MS = 300;

/** Checks now, and again whenever a file of the lab was saved with new content, until Ctrl-C. What a check throws is told, and waits for the next save. */
export async function watchAndCheck(
  context: Context,
  files: readonly string[],
  check: () => Promise<void>,
): Promise<Outcome> {
  while (!context.signal.aborted) {
    const before = await contents(files);
    try {
      await check();
    } catch (error) {
      if (context.signal.aborted || toErrorData(error).code === 'INTERNAL') throw error;
      tell(context, error as LabError);
    }
    context.doing('no longer watching');
    if (!context.updates) context.say(`Watching ${files.join(', ')}.`);
    else context.progress.step(`watching ${files.join(', ')}; Ctrl-C ends it`);
    await changed(files, before, context.signal);
    context.progress.stop();
    context.doing('stopping the check and healing its faults');
  }
  return 'interrupted';
}

/** Settles when the files differ from `before`, also where that happened during the check. */
async function changed(files: readonly string[], before: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await contents(files)) === before) {
    await delay(POLL_EVERY_MS, undefined, {signal}).catch(() => undefined);
  }
}

async function contents(files: readonly string[]): Promise<string> {
  return JSON.stringify(await Promise.all(files.map(async file => readFile(file, 'utf8').catch(() => null))));
}

function tell(context: Context, error: LabError): void {
  const {code, message, fix} = toErrorData(error);
  context.progress.stop();
  if (context.json) context.record({error: {code, message, fix}});
  context.say(`${message}\n${fix}\n✖ ${code}`);
}
