import {type LabError, toErrorData} from '../errors.ts';
import type {Outcome} from './command.ts';
import type {Context} from './context.ts';
import {contents, followFiles, type Noticing} from './file-changes.ts';

/** Checks now, and again whenever a file of the lab was saved with new content, until Ctrl-C. What a check throws is told, and waits for the next save. */
export async function watchAndCheck(
  context: Context,
  files: readonly string[],
  check: () => Promise<void>,
): Promise<Outcome> {
  const changes = await followFiles(files);
  try {
    while (!context.signal.aborted) {
      // Saved during the check counts too.
      const before = (await contents(files)) ?? '';
      try {
        await check();
      } catch (error) {
        if (context.signal.aborted || toErrorData(error).code === 'INTERNAL') throw error;
        tell(context, error as LabError);
      }
      context.doing('no longer watching');
      const how = `watching ${files.join(', ')} ${HOW[changes.noticing]}`;
      if (!context.updates) context.say(`${how[0]?.toUpperCase()}${how.slice(1)}.`);
      else context.progress.step(`${how}; Ctrl-C ends it`);
      await changes.changed(before, context.signal);
      context.progress.stop();
      context.doing('stopping the check and healing its faults');
    }
    return 'interrupted';
  } finally {
    changes.close();
  }
}

const HOW: Readonly<Record<Noticing, string>> = {
  events: '(the system tells of saves)',
  polling: '(by looking three times a second: this folder tells of no saves)',
};

function tell(context: Context, error: LabError): void {
  const {code, message, fix} = toErrorData(error);
  context.progress.stop();
  if (context.json) context.record({error: {code, message, fix}});
  context.say(`${message}\n${fix}\n✖ ${code}`);
}
