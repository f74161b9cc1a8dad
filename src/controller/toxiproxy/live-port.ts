import {randomInt} from 'node:crypto';
import {API_CALLER, type ApiPort, type ToxicOwner} from '../../fabric/api/port.ts';
import type {Fabric} from '../../fabric/fabric.ts';
import type {FaultEngine} from '../../faults/engine.ts';
import type {Place} from '../bypasses.ts';

/** Who a fault is from that came over the Toxiproxy API. */
export const API_REASON = 'toxiproxy-api';

/** What of a running system the API works on. */
export interface ApiSystem {
  readonly agent: {readonly fabric: Fabric};
  readonly faults: Pick<FaultEngine, 'change' | 'find'>;
  readonly runtime: {readonly name: string};
}

export interface LivePort extends ApiPort {
  /** Where proxies of clients listen, which may lead anywhere. As of the last change over the API: nobody else opens or moves any. */
  ownPlaces(): readonly Place[];
}

/** The running system as the API sees it; `live` is asked each time and may throw. What is changed goes by the fault engine, which records it. */
export function livePort(live: () => ApiSystem): LivePort {
  let own: readonly Place[] = [];
  const lookForOwn = async (): Promise<void> => {
    const proxies = await live().agent.fabric.counters();
    own = proxies
      .filter(({from}) => from === API_CALLER)
      .map(({name, address}) => ({port: address.port, to: `the proxy ${name} of a client of the Toxiproxy API`}));
  };
  return {
    ownPlaces: () => own,
    look: async () => {
      const {agent, faults} = live();
      const [proxies, toxics] = await Promise.all([agent.fabric.counters(), agent.fabric.toxics()]);
      return {proxies, toxics, owners: new Map(toxics.map(({id}) => [id, ownerOf(id, faults)]))};
    },
    connections: async proxy => live().agent.fabric.connections(proxy),
    change: async ({add = [], ...change}) => {
      await live().faults.change({...change, add: add.map(toxic => ({...toxic, reason: API_REASON}))});
      if (change.open !== undefined || change.close !== undefined) await lookForOwn();
    },
    get whyNoOwnProxies() {
      const {name} = live().runtime;
      if (name === 'process') return undefined;
      return `On the ${name} runtime the fabric listens inside a container, where no program of this machine could reach a proxy of yours; links of the lab can be disabled and get toxics. \`teralab up\` without --runtime has the fabric on this machine.`;
    },
    drawSeed: () => randomInt(2 ** 32),
  };
}

/** The first toxic of a fault has its id, others a number behind it. */
function ownerOf(toxic: string, faults: Pick<FaultEngine, 'find'>): ToxicOwner {
  const record = faults.find(toxic.replace(/\.\d+$/, ''));
  if (record?.reason !== API_REASON) return {by: 'others', reason: record?.reason ?? 'somebody else'};
  return record.name === undefined ? {by: 'api'} : {by: 'api', name: record.name};
}
