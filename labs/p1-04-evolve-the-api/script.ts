import {createSend} from '../../src/labs/client.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import {newRound, oldRound, type Stage, type Watch} from './clients.ts';
import type {Setup} from './evidence.ts';
import {rollOut} from './rollout.ts';

const CLIENTS = 3;
const BETWEEN_ROUNDS_MS = 40;
const RECORDED_MAX = 400;

/** Old clients go on from before the first release until after the last one, or until it is cut; new ones begin once all replicas know them. */
export async function rollOutAmongClients(tools: LabTools, setup: Setup, cut: AbortSignal): Promise<void> {
  let stage: Stage = {name: 'today', goingBack: false};
  let over = false;
  const running: Promise<void>[] = [];
  const watch: Watch = {
    send: createSend(tools.gateways[0] ?? '', tools.random),
    random: tools.random,
    seeded: setup.seeded,
    stage: () => stage,
    incident: incident => void setup.incidents.push(incident),
    round: (client, exchanges) => {
      setup.rounds[client] += 1;
      if (setup.recorded.length < RECORDED_MAX) setup.recorded.push(...exchanges);
    },
  };
  const goOn = async (round: (watch: Watch) => Promise<void>): Promise<void> => {
    while (!over) {
      await round(watch);
      await new Promise(resolve => setTimeout(resolve, BETWEEN_ROUNDS_MS));
    }
  };
  const begin = (round: (watch: Watch) => Promise<void>): void => {
    for (let index = 0; index < CLIENTS; index += 1) running.push(goOn(round));
  };
  const probe = {displayName: 'Nobody', city: 'Nowhere'};
  setup.today.newApi = (await watch.send('POST', '/v2/profiles', {body: probe})).status;
  begin(oldRound);
  await rollOut(
    tools,
    {
      onStage: next => {
        stage = next;
        setup.stages.push(next.name);
      },
      onNewClients: () => begin(newRound),
      onFailure: (at, reason) => void setup.failures.push({stage: at, reason}),
    },
    cut,
  );
  over = true;
  await Promise.all(running);
}
