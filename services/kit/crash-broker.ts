import type {Broker} from './broker.ts';
import type {CrashPoints} from './crash-points.ts';

/** The same broker, coming past the crash points of publishing and acknowledging. */
export function withCrashPoints(broker: Broker, crashPoints: Pick<CrashPoints, 'hit'>): Broker {
  return {
    ...broker,
    async publish(stream, messages) {
      crashPoints.hit('before_publish');
      await broker.publish(stream, messages);
      crashPoints.hit('after_publish');
    },
    consume(options, handle) {
      return broker.consume(options, async (batch, claim) => {
        const settlements = await handle(batch, claim);
        if (settlements.some(({settle}) => settle === 'ack')) crashPoints.hit('before_ack');
        return settlements;
      });
    },
  };
}
