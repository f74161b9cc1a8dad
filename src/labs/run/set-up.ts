import {LabError} from '../../errors.ts';
import {inconclusive} from '../verdict.ts';
import {requestsSince} from './baseline.ts';
import {breaksTheService, brokenByLearner, replacedServices} from './blame.ts';
import {type RunContext, type Stopped, sleepUnless} from './context.ts';
import type {ControlStream} from './control.ts';
import {labsFault} from './prepare.ts';
import {ONE_TRY_MS} from './tools.ts';

/** A connection that was given up is seen to be closed within this time, in ms. */
const SEEN_WITHIN_MS = 1_000;
/**
 * A control stream's p99 (ms) above which the machine may have been why nothing was answered: a request takes some ten steps like the one
 * of the stream, and is waited for so long. Stricter than for a load, where requests also wait for each other.
 */
const BUSY_ABOVE_MS = ONE_TRY_MS / 10;

/** Sets a lab up in the fresh system, with a control stream beside: what is not answered then is not always the doing of the learner. */
export async function setUp(context: RunContext, control: ControlStream): Promise<{readonly setup: unknown} | Stopped> {
  const {lab, system} = context;
  if (lab.setUp === undefined) return {setup: undefined};
  const since = Date.now();
  const stream = await context.settled(control.during('set-up'));
  try {
    const setup = await context.settled(lab.setUp(context.tools('set-up')));
    await context.settled(stream.stop());
    return {setup};
  } catch (error) {
    if (context.signal.aborted) throw error;
    // What was asked last, without an answer, tells more than what was answered before it. The fabric has yet to see that nobody waits.
    const silent = error instanceof LabError && error.code === 'NODE_NOT_READY';
    const from = silent ? Math.max(since, Date.now() - 1.5 * ONE_TRY_MS) : since;
    if (silent) await sleepUnless(SEEN_WITHIN_MS, context.signal);
    const calm = await context.settled(stream.stop());
    const busy = calm.p99 > BUSY_ABOVE_MS;
    const requests = await requestsSince(context, from);
    const broken = brokenByLearner(replacedServices(lab, system), requests, system.events(since), busy);
    if (broken) return {stopped: await breaksTheService(system, broken)};
    if (!silent || !busy) throw labsFault(lab, 'its set-up', error);
    const observed = `the machine was busy (the control stream's p99 was ${calm.p99.toFixed(1)} ms): ${error.message}`;
    return {stopped: inconclusive('BUSY_MACHINE', observed, 'a fresh system answers')};
  }
}
