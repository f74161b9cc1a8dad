import {HoldingStage} from './holding-stage.ts';
import {onLanes, type ToxicDefinition} from './toxic.ts';

/** Nothing gets through: bytes and closings are held, and delivered when it goes. What partitions use. */
export const blackhole: ToxicDefinition = {
  kind: 'blackhole',
  attributes: {},
  attach: (host, toxic) => onLanes(host, lane => new HoldingStage(lane, toxic.acted)),
};
