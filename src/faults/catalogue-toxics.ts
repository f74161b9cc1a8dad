import type {FaultAttribute, FaultInfo} from './catalogue.ts';
import {HTTP_LINKS, LINKS, matching, stream, toxicity, WAIT_MAX_MS} from './catalogue-attributes.ts';

const SLICE_MAX_BYTES = 16 * 1024 * 1024;

function wait(name: string, meaning: string): FaultAttribute {
  return {name, type: 'whole', unit: 'ms', required: true, range: [0, WAIT_MAX_MS], meaning};
}

/** Faults of links that make them slow, short-lived or untrue. */
export const TOXIC_FAULTS: readonly FaultInfo[] = [
  {
    kind: 'bandwidth',
    acts: 'links',
    toxic: 'bandwidth',
    targets: LINKS,
    does: 'limits what passes in a second, evenly, for each connection and direction by itself',
    attributes: [
      {
        name: 'rate',
        type: 'whole',
        unit: 'KB/s',
        required: true,
        range: [0, 10_000_000],
        meaning: 'what passes in a second; 0: nothing, and what it held is delivered when it ends',
      },
      stream('downstream'),
      toxicity,
    ],
    example: "teralab chaos bandwidth 'gateway->identity' --rate 64KB --for 30s",
  },
  {
    kind: 'timeout',
    acts: 'links',
    toxic: 'timeout',
    targets: LINKS,
    does: 'loses all data, and closes the connections after a time, or when it ends',
    attributes: [
      {
        name: 'timeout',
        type: 'whole',
        unit: 'ms',
        default: 0,
        range: [0, WAIT_MAX_MS],
        meaning: 'when a connection is closed; 0: when the fault ends',
      },
      stream('downstream'),
      toxicity,
    ],
    example: "teralab chaos timeout 'gateway->stream' --timeout 5s --for 30s",
  },
  {
    kind: 'cutoff',
    acts: 'links',
    toxic: 'cutoff',
    targets: LINKS,
    does: 'lets data flow and cuts each connection after a time, busy or idle',
    attributes: [wait('after', 'how long a connection lives, from when the fault begins or it is opened'), toxicity],
    example: "teralab chaos cutoff 'gateway->identity' --after 500ms --for 30s",
  },
  {
    kind: 'slow-open',
    acts: 'links',
    toxic: 'slow_open',
    targets: LINKS,
    does: 'connects to the callee late, after the caller was accepted; open connections are left alone',
    attributes: [wait('delay', 'how much later'), toxicity],
    example: "teralab chaos slow-open 'identity->identity-db' --delay 2s --for 30s",
  },
  {
    kind: 'slow-close',
    acts: 'links',
    toxic: 'slow_close',
    targets: LINKS,
    does: 'lets bytes pass at once, and closings (FIN, RST) late',
    attributes: [wait('delay', 'how much later'), stream('downstream'), toxicity],
    example: "teralab chaos slow-close '*->broker' --delay 1s --for 30s",
  },
  {
    kind: 'slice',
    acts: 'links',
    toxic: 'slicer',
    targets: LINKS,
    does: 'cuts what passes into small slices, with a pause after each',
    attributes: [
      {
        name: 'average-size',
        type: 'whole',
        unit: 'bytes',
        required: true,
        range: [1, SLICE_MAX_BYTES],
        meaning: 'average size of a slice',
      },
      {
        name: 'size-variation',
        type: 'whole',
        unit: 'bytes',
        default: 0,
        range: [0, SLICE_MAX_BYTES],
        meaning: 'how much the size varies; less than the average size',
      },
      {
        name: 'delay',
        type: 'whole',
        unit: 'us',
        default: 0,
        range: [0, WAIT_MAX_MS * 1000],
        meaning: 'pause after a slice; a bare number is microseconds',
      },
      stream('downstream'),
      toxicity,
    ],
    example: "teralab chaos slice 'gateway->stream' --average-size 64B --delay 2ms --for 30s",
  },
  {
    kind: 'limit',
    acts: 'links',
    toxic: 'limit_data',
    targets: LINKS,
    does: 'delivers exactly so many bytes on each connection and in each direction, and closes it then',
    attributes: [
      {
        name: 'bytes',
        type: 'whole',
        unit: 'bytes',
        required: true,
        range: [0, Number.MAX_SAFE_INTEGER],
        meaning: 'what passes first, counted from when the fault begins or the connection is opened',
      },
      stream('downstream'),
      toxicity,
    ],
    example: "teralab chaos limit 'gateway->identity' --bytes 64KB --for 30s",
  },
  {
    kind: 'reply-status',
    acts: 'links',
    toxic: 'reply_status',
    httpOnly: true,
    targets: HTTP_LINKS,
    does: "answers in the callee's place, with a status of its own",
    attributes: [
      {name: 'status', type: 'whole', default: 503, range: [200, 599], meaning: 'status of the answer'},
      {
        name: 'when',
        type: 'choice',
        choices: ['before', 'after'],
        default: 'before',
        meaning: 'before the callee sees the request, or after it has done its work',
      },
      {
        name: 'probability',
        type: 'number',
        default: 1,
        range: [0, 1],
        meaning: 'share of the matching requests that are answered so',
      },
      ...matching,
      toxicity,
    ],
    example: "teralab chaos reply-status 'gateway->identity' --status 503 --probability 0.2 --for 30s",
  },
];
