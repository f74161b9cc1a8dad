import type {Random} from '../../src/random.ts';
import type {ModuleName} from '../../src/topology/modules.ts';
import type {Process} from './split.ts';

/** Something that somebody wants, and the modules that have to change for it. */
export interface Change {
  readonly text: string;
  readonly modules: readonly ModuleName[];
}

const ACCOUNT_AND_QUOTA: readonly ModuleName[] = ['accounts', 'quotas'];
const PAID_PLANS: readonly Change[] = [
  {text: 'an account is opened on a plan, and the plan sets its quota', modules: ACCOUNT_AND_QUOTA},
  {text: 'a closed account gives its quota back', modules: ACCOUNT_AND_QUOTA},
  {text: 'the account page shows what is left of the quota', modules: ACCOUNT_AND_QUOTA},
  {text: 'an account that is not verified sends a tenth', modules: ACCOUNT_AND_QUOTA},
  {text: 'a company shares one quota among its accounts', modules: ACCOUNT_AND_QUOTA},
];
const SIGN_IN: readonly Change[] = [
  {text: 'signing in with a passkey', modules: ['accounts']},
  {text: 'names may hold any script', modules: ['accounts']},
  {text: 'signing out everywhere', modules: ['accounts']},
];
const EVENTS: readonly Change[] = [
  {text: 'an event tells the device that it came from', modules: ['activity']},
  {text: 'windows of a day', modules: ['activity']},
  {text: 'activity can be searched by kind', modules: ['activity']},
];
const WATCHING: readonly Change[] = [
  {text: 'an alert after three failures instead of five', modules: ['alerts']},
  {text: 'alerts go out by mail', modules: ['alerts']},
];
const ACROSS: readonly Change[] = [
  {text: 'a quota counts bytes, and not events', modules: ['quotas', 'activity']},
  {text: 'an event of a closed account is refused', modules: ['accounts', 'activity']},
  {text: 'an alert locks the account', modules: ['accounts', 'alerts']},
  {text: 'an alert shows what the account did last', modules: ['activity', 'alerts']},
];

/** Ten change requests, drawn: most belong to one part of the product, some always cut across. */
export function drawChanges(random: Random): readonly Change[] {
  const some = (from: readonly Change[], count: number): readonly Change[] => random.shuffle(from).slice(0, count);
  return random.shuffle([
    ...some(PAID_PLANS, 3),
    ...some(SIGN_IN, 2),
    ...some(EVENTS, 2),
    ...some(WATCHING, 1),
    ...some(ACROSS, 2),
  ]);
}

/** Names of the processes that have to be changed, and deployed, for it. */
export function touched({modules}: Change, processes: readonly Process[]): readonly string[] {
  return processes.filter(process => process.modules.some(module => modules.includes(module))).map(({name}) => name);
}
