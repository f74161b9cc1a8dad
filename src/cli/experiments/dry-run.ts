import type {Activity, Experiment, LabProvider} from '../../faults/experiments/experiment.ts';
import {needsSystem} from '../../faults/experiments/experiment.ts';
import {activitySeed} from '../../faults/experiments/run-lab-activity.ts';
import {methodMs, timeline} from '../../faults/experiments/timeline.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import type {Outcome} from '../command.ts';
import {withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {renderPlan} from '../render/experiment.ts';

export interface DryRunOrder {
  readonly file: string;
  readonly experiment: Experiment;
  readonly seed: number;
}

/** One activity of the method, when it would begin, and what it would touch. */
export interface PlannedStep {
  readonly name: string;
  readonly type: Activity['type'];
  readonly what: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly touches: {
    readonly nodes: readonly string[];
    readonly links: readonly string[];
    readonly observed: string;
  } | null;
}

/** Shows the timeline and what every fault would touch now; changes nothing. Errors: those of the faults, NOT_RUNNING. */
export async function dryRun(context: Context, {file, experiment, seed}: DryRunOrder): Promise<Outcome> {
  context.doing('nothing was changed');
  const steps = needsSystem(experiment)
    ? await withRunning(context, async client => {
        const look = async (activity: Activity): Promise<FaultRecord | undefined> => {
          const request = faultOf(experiment, seed, activity);
          return request === undefined
            ? undefined
            : client.call('chaos.inject', {request, dryRun: true}, undefined, context.signal);
        };
        return Promise.all(timeline(experiment).map(async planned => step(planned, await look(planned.activity))));
      })
    : timeline(experiment).map(planned => step(planned, undefined));
  const plan = {
    file,
    title: experiment.title,
    seed,
    dryRun: true,
    hypothesis: experiment.hypothesis?.probes.map(({name}) => name) ?? [],
    method: steps,
    methodMs: methodMs(experiment),
    rollbacks: experiment.rollbacks.map(({name}) => name),
  };
  if (context.json) context.document(plan);
  else context.lines(renderPlan(plan, {width: context.width, paint}));
  return 'ok';
}

function step(
  {activity, fromMs, untilMs}: ReturnType<typeof timeline>[number],
  record: FaultRecord | undefined,
): PlannedStep {
  return {
    name: activity.name,
    type: activity.type,
    what: describe(activity),
    fromMs,
    untilMs,
    touches:
      record === undefined
        ? null
        : {nodes: record.nodes, links: record.proxies, observed: record.effect?.observed ?? ''},
  };
}

/** What an activity does, in a few words. */
function describe({provider}: Activity): string {
  if (provider.type === 'http') return `${provider.method} ${provider.url}`;
  if (provider.type === 'process') return `runs ${provider.path}`;
  return describeLab(provider);
}

function describeLab(provider: LabProvider): string {
  switch (provider.does) {
    case 'fault':
      return `${provider.kind} on ${provider.target}`;
    case 'clear':
      return `heals ${provider.what ?? 'everything'}`;
    case 'load':
      return `load ${provider.profile}, ${provider.ratePerSecond}/s`;
    case 'probe':
      return `asks ${provider.probe.kind}`;
  }
}

function faultOf(experiment: Experiment, seed: number, activity: Activity) {
  const {provider} = activity;
  if (provider.type !== 'teralab' || provider.does !== 'fault') return undefined;
  const {kind, target, attributes, forMs} = provider;
  return {kind, target, attributes, forMs, seed: activitySeed({seed, experiment}, activity), reason: 'dry run'};
}
