import type {FaultAttribute} from './catalogue.ts';

export const LINKS =
  'a link (`gateway->identity`, `identity->*`, `gateway-1->identity-2`), or a node or service: all links into it';
export const HTTP_LINKS = `${LINKS}; HTTP links only`;
/** Longest time that a toxic may be told to wait, ms. */
export const WAIT_MAX_MS = 600_000;

export const toxicity: FaultAttribute = {
  name: 'toxicity',
  type: 'number',
  default: 1,
  range: [0, 1],
  meaning: 'share of connections that it applies to, decided once for each from the seed',
};

export function stream(normally: 'downstream' | 'both'): FaultAttribute {
  return {
    name: 'stream',
    type: 'choice',
    choices: ['upstream', 'downstream', 'both'],
    default: normally,
    meaning: 'towards the callee, towards the caller, or both',
  };
}

/** Which requests a fault of HTTP links is about, and how many. */
export const matching: readonly FaultAttribute[] = [
  {
    name: 'times',
    type: 'whole',
    default: 0,
    range: [0, 1_000_000_000],
    meaning: 'how many at most on each path of the link, the first ones; 0: all',
  },
  {name: 'method', type: 'text', meaning: 'only requests with this method'},
  {
    name: 'path',
    type: 'text',
    meaning: 'only requests with this path; one that ends in * stands for all that begin so',
  },
  {name: 'match', type: 'match', meaning: 'method and path in one, for files'},
];
