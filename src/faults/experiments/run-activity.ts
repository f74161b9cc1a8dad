import {LabError} from '../../errors.ts';
import type {Activity, Provider, Tolerance} from './experiment.ts';
import type {ActivityRun} from './journal.ts';
import {kindOf} from './mistakes.ts';
import {keepable, withoutSecrets} from './redact.ts';
import {doLab} from './run-lab-activity.ts';
import type {Run} from './run-state.ts';
import {substitute} from './substitute.ts';
import {describeTolerance, isWithin} from './tolerance.ts';

/** A probe that has time until its tolerance holds is asked again after this long, ms. */
const ASK_AGAIN_MS = 300;

export interface Outcome {
  readonly output: unknown;
  readonly fault?: string;
}

/** Does one action or asks one probe, pauses included. Never throws: what went wrong is in what it gives. */
export async function runActivity(run: Run, activity: Activity, signal: AbortSignal): Promise<ActivityRun> {
  const {clock} = run.ports;
  await clock.sleep(activity.pauses.beforeMs, signal);
  const start = clock.now();
  const done = await attempt(run, activity, signal);
  const end = clock.now();
  if (done.status === 'succeeded') await clock.sleep(activity.pauses.afterMs, signal);
  const {provider, tolerance} = activity.source;
  return {
    activity: {
      type: activity.type,
      name: activity.name,
      provider,
      ...(tolerance === undefined ? {} : {tolerance}),
      ...(activity.background ? {background: true} : {}),
    },
    start,
    end,
    duration: end - start,
    ...done,
  };
}

type Done = Pick<ActivityRun, 'status' | 'output' | 'tolerance_met' | 'exception' | 'fault'>;

async function attempt(run: Run, activity: Activity, signal: AbortSignal): Promise<Done> {
  const secrets = Object.values(run.experiment.secrets);
  const told = (error: unknown): string =>
    withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  const stopped: Done = {status: 'aborted', output: null, exception: 'The run was stopped before this was over.'};
  if (signal.aborted) return stopped;
  try {
    const {outcome, met} = await untilTolerable(run, activity, signal);
    return {
      status: 'succeeded',
      output: keepable(outcome.output, secrets),
      ...(activity.tolerance === undefined ? {} : {tolerance_met: met}),
      ...(met ? {} : {exception: deviation(activity, keepable(outcome.output, secrets))}),
      ...(outcome.fault === undefined ? {} : {fault: outcome.fault}),
    };
  } catch (error) {
    if (signal.aborted) return stopped;
    return {
      status: 'failed',
      output: null,
      ...(activity.tolerance === undefined ? {} : {tolerance_met: false}),
      exception: told(error),
    };
  }
}

/** Asks once, or as often as there is time for it to become what it should be. */
async function untilTolerable(
  run: Run,
  activity: Activity,
  signal: AbortSignal,
): Promise<{readonly outcome: Outcome; readonly met: boolean}> {
  const {clock} = run.ports;
  const {provider, tolerance} = activity;
  const withinMs = provider.type === 'teralab' && provider.does === 'probe' ? provider.withinMs : 0;
  const until = clock.now() + withinMs;
  for (;;) {
    const isLast = (): boolean => clock.now() >= until || signal.aborted;
    try {
      const outcome = await perform(run, activity, signal);
      const met = tolerance === undefined || (await holds(run, tolerance, outcome.output, signal));
      if (met || isLast()) return {outcome, met};
    } catch (error) {
      if (isLast()) throw error;
    }
    await clock.sleep(Math.min(ASK_AGAIN_MS, Math.max(1, until - clock.now())), signal);
  }
}

async function perform(run: Run, activity: Activity, signal: AbortSignal): Promise<Outcome> {
  const provider = substitute(activity.provider, {values: run.experiment.secrets}) as Provider;
  switch (provider.type) {
    case 'http': {
      const output = await run.ports.http(provider, signal);
      if (provider.expectedStatus !== undefined && !provider.expectedStatus.includes(output.status))
        throw new LabError(
          'BAD_VALUE',
          `${provider.method} ${provider.url} was answered with ${output.status} instead of ${provider.expectedStatus.join(' or ')}.`,
        );
      return {output};
    }
    case 'process':
      return {output: await run.ports.process(provider, signal)};
    case 'teralab':
      return doLab(run, activity, provider, signal);
  }
}

async function holds(run: Run, tolerance: Tolerance, output: unknown, signal: AbortSignal): Promise<boolean> {
  if (tolerance.kind !== 'probe') return isWithin(tolerance, output);
  const {provider} = tolerance;
  const value = typeof output === 'object' ? JSON.stringify(output) : String(output);
  const given = {
    ...(typeof provider.arguments === 'object' && !Array.isArray(provider.arguments) ? provider.arguments : {}),
    value,
  };
  if (provider.type === 'http') {
    const {status} = await run.ports.http({...provider, arguments: given}, signal);
    return status >= 200 && status < 300;
  }
  return (await run.ports.process({...provider, arguments: given}, signal)).status === 0;
}

function deviation({name, tolerance}: Activity, output: unknown): string {
  const wanted = tolerance === undefined ? '' : `, and ${describeTolerance(tolerance)} was wanted`;
  const seen = typeof output === 'object' && output !== null ? shortJson(output) : kindOf(output);
  return `${name} gave ${seen}${wanted}.`;
}

function shortJson(value: object): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
