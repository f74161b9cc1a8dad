import type {LoadSummary} from '../../load/load.ts';
import {PROFILES} from '../../load/profiles.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {percent} from '../output/figures.ts';
import {createLiveBlock} from '../output/live.ts';
import {paint, paintErr} from '../output/paint.ts';
import {parseChoice} from '../parse/choice.ts';
import {formatDuration} from '../parse/duration.ts';
import {formatRate} from '../parse/rate.ts';
import {renderLoad} from '../render/load.ts';

export interface LoadFlags {
  readonly rate?: number;
  readonly duration?: number;
  readonly profile?: string;
  readonly seed?: number;
}

const RATE_DEFAULT = 50;
const DURATION_MS_DEFAULT = 10_000;
const PROFILE_DEFAULT = 'mixed';
/** Where lines cannot be drawn again. */
const LINE_EVERY_MS = 2000;

export async function run(context: Context, flags: LoadFlags): Promise<Outcome> {
  const {
    rate: ratePerSecond = RATE_DEFAULT,
    duration: durationMs = DURATION_MS_DEFAULT,
    profile = PROFILE_DEFAULT,
    seed,
  } = flags;
  parseChoice(
    profile,
    '--profile',
    PROFILES.map(({name}) => name),
  );
  context.doing('stopping the load');
  context.progress.step('looking for the system');
  return withSystem<Outcome>(context, {}, async client => {
    const look = liveLook(context, durationMs);
    context.progress.step(`${formatRate(ratePerSecond)} for ${formatDuration(durationMs)}`, 0);
    const summary = await client.call(
      'load',
      {ratePerSecond, durationMs, profile, ...(seed === undefined ? {} : {seed})},
      event => look.show(event.summary),
      context.signal,
    );
    look.end();
    if (context.json) context.document(summary);
    else context.lines(renderLoad(summary, {width: context.width, paint}));
    return 'ok';
  });
}

/** The histogram as it grows, where lines can be drawn again; elsewhere how far it is. */
function liveLook(context: Context, durationMs: number): {show(summary: LoadSummary): void; end(): void} {
  if (!context.updates) {
    let nextAt = Date.now() + LINE_EVERY_MS;
    return {
      show: ({durationMs: elapsedMs, sent, ok}) => {
        if (Date.now() < nextAt) return;
        nextAt = Date.now() + LINE_EVERY_MS;
        context.say(`${percent(Math.min(1, elapsedMs / durationMs))}: ${sent} sent, ${ok} ok`);
      },
      end: () => context.progress.stop(),
    };
  }
  const live = createLiveBlock(context.stderr);
  return {
    show: summary => {
      context.progress.stop();
      live.draw(renderLoad(summary, {width: context.width, paint: paintErr}));
    },
    end: () => live.clear(),
  };
}
