import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {Broker, GroupLag} from '../kit/broker.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {orUnavailable} from './broker-problems.ts';
import {ACTIVITY, IDENTITY_EVENTS} from './streams.ts';

const Partition = Type.Object({
  partition: Type.Integer(),
  lag: Type.Integer(),
  position: Type.Integer(),
  member: Type.Union([Type.String(), Type.Null()]),
});
const Group = Type.Object({
  stream: Type.String(),
  group: Type.String(),
  lag: Type.Integer(),
  partitions: Type.Array(Partition),
});
const Consumers = Type.Object({consumers: Type.Array(Group)});

/** How far each group of consumers is behind, as the broker sees it. */
export function serveConsumers(
  app: App,
  {broker, tokens}: {readonly broker: Broker; readonly tokens: AccessTokens},
): void {
  const schema = {summary: 'How far consumers are behind', security: SIGNED_IN, response: {200: Consumers}};
  app.get('/v1/consumers', {schema}, async request => {
    await tokens.account(request);
    const lags = await orUnavailable(Promise.all([IDENTITY_EVENTS, ACTIVITY].map(stream => broker.lag(stream))));
    const groups = new Map<string, GroupLag[]>();
    for (const one of lags.flat()) {
      const name = JSON.stringify([one.stream, one.group]);
      groups.set(name, [...(groups.get(name) ?? []), one]);
    }
    return {
      consumers: [...groups.values()].map(partitions => ({
        stream: partitions[0]?.stream ?? '',
        group: partitions[0]?.group ?? '',
        lag: partitions.reduce((sum, {lag}) => sum + lag, 0),
        partitions: partitions.map(({partition, lag, position, member}) => ({partition, lag, position, member})),
      })),
    };
  });
}
