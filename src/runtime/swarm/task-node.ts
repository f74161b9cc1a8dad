import {createWriteStream} from 'node:fs';
import {LabError} from '../../errors.ts';
import {asNode, type ContainerSpec, type StartedContainer} from '../docker/container-node.ts';
import {type Engine, statusOf} from '../docker/engine.ts';
import {waitForEnd} from '../docker/wait-for-end.ts';
import {openLog} from '../log-file.ts';
import type {ReachedMachine} from './machines.ts';
import {followTask} from './task-streams.ts';

/** An engine that did not answer is asked again after this, in ms, until it answers or its machine is given up. */
const AGAIN_AFTER_MS = 500;

/** The running task of a node. It ends at the latest when the swarm's manager has given its machine up. */
export function asTaskNode(machine: ReachedMachine, containerId: string, spec: ContainerSpec): StartedContainer {
  const container = machine.engine.getContainer(containerId);
  const log = createWriteStream(spec.logFile, {fd: openLog(spec.logFile)});
  // Without space on the disk a log loses lines, and nothing else.
  log.on('error', () => undefined);
  const {lost} = machine;
  let isLost = false;
  void lost.then(() => {
    isLost = true;
  });
  const attached = followTask(machine.engine, container, log);
  const exitCode = Promise.race([exitCodeOf(machine.engine, containerId, () => isLost), lost.then(() => null)]);
  const node = asNode(machine.engine, container, spec, {attached, closeLog: () => log.end(), exitCode});
  /** What ends a node is done as soon as its engine answers again, or need not be done any more. */
  const insist = async (work: () => Promise<void>): Promise<void> => {
    let ended = false;
    const exited = node.exited.then(() => {
      ended = true;
    });
    while (!ended) {
      try {
        return await Promise.race([work(), exited]);
      } catch (error) {
        if (!(error instanceof LabError && error.code === 'ENGINE_MISSING')) throw error;
      }
      await Promise.race([exited, delay(AGAIN_AFTER_MS)]);
    }
  };
  return {
    ...node,
    // The machine's own engine removes it when it is back.
    removed: Promise.race([node.removed, lost]),
    kill: async () => insist(async () => node.kill()),
    stop: async graceMs => insist(async () => node.stop(graceMs)),
    [Symbol.asyncDispose]: async () => insist(async () => node.stop()),
  };
}

/** The exit code, or null when nobody can tell it any more. A broken connection is no end. */
async function exitCodeOf(engine: Engine, container: string, isLost: () => boolean): Promise<number | null> {
  while (!isLost()) {
    try {
      return await waitForEnd(engine, container);
    } catch (error) {
      if (statusOf(error) !== undefined) return null;
    }
    await delay(AGAIN_AFTER_MS);
  }
  return null;
}

async function delay(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms).unref());
}
