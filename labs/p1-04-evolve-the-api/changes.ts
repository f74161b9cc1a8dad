import type {Random} from '../../src/random.ts';
import type {Exchange} from './clients.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A change of the v1 API, as a service behind it would behave: what it does to a request, and to its answer. */
export interface Change {
  readonly id: string;
  readonly text: string;
  /** Whether the changed service still takes the request. Default: yes. */
  takes?(exchange: Exchange): boolean;
  /** The changed answer. Default: as it was. */
  answers?(exchange: Exchange): {readonly status?: number; readonly answer?: Fields};
}

const rest = (answer: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(answer).filter(([key]) => key !== name));
const isWrite = ({method}: Exchange): boolean => method !== 'GET';
/** A profile, not a problem. */
const ok = ({status}: Exchange): boolean => status < 300;
const withAnswer = (change: (answer: Fields) => Fields): Pick<Change, 'answers'> => ({
  answers: exchange => (ok(exchange) ? {answer: change(exchange.answer)} : {}),
});

export const CHANGES: readonly Change[] = [
  {
    id: 'answer-field-more',
    text: 'answers have a field `pronouns` more',
    ...withAnswer(answer => ({...answer, pronouns: null})),
  },
  {
    id: 'answer-field-renamed',
    text: 'answers say `displayName` instead of `fullname`',
    ...withAnswer(({fullname, ...answer}) => ({...answer, displayName: fullname})),
  },
  {
    id: 'answer-field-both',
    text: 'answers say both `displayName` and `fullname`',
    ...withAnswer(answer => ({...answer, displayName: answer.fullname})),
  },
  {id: 'answer-field-gone', text: 'answers have no `city`', ...withAnswer(answer => rest(answer, 'city'))},
  {
    id: 'answer-type',
    text: '`city` in answers is an object `{name, country}`',
    ...withAnswer(answer => ({...answer, city: {name: answer.city, country: 'EE'}})),
  },
  {
    id: 'answer-null',
    text: '`city` in answers may be null, and is for some',
    ...withAnswer(answer => ({...answer, city: null})),
  },
  {
    id: 'answer-order',
    text: 'the fields of answers come in another order',
    ...withAnswer(answer => Object.fromEntries(Object.entries(answer).reverse())),
  },
  {id: 'answer-id-number', text: '`id` in answers is a number', ...withAnswer(answer => ({...answer, id: 17}))},
  {id: 'answer-wrapped', text: 'answers are wrapped: `{data: {…}}`', ...withAnswer(answer => ({data: answer}))},
  {
    id: 'created-200',
    text: 'a creation is answered 200 instead of 201',
    answers: ({status}) => (status === 201 ? {status: 200} : {}),
  },
  {id: 'request-optional', text: 'bodies may have a field `pronouns`'},
  {
    id: 'request-required',
    text: 'bodies have to have a field `country`',
    takes: one => !isWrite(one) || one.body?.country !== undefined,
  },
  {id: 'request-less', text: 'bodies need not have `city` any more'},
  {id: 'request-longer', text: '`fullname` in bodies may have 200 characters, not 80'},
  {
    id: 'request-shorter',
    text: '`fullname` in bodies may have 8 characters, not 80',
    takes: one => !isWrite(one) || String(one.body?.fullname).length <= 8,
  },
  {
    id: 'request-strict',
    text: 'fields of bodies that are not described are refused, not ignored',
    takes: one => !isWrite(one) || Object.keys(one.body ?? {}).every(name => ['fullname', 'city'].includes(name)),
  },
  {id: 'header-required', text: 'PUT has to have the header If-Match', takes: one => one.method !== 'PUT'},
  {id: 'path-moved', text: '/v1/profiles is /v1/people now, and 404 at the old place', takes: () => false},
  {id: 'path-more', text: 'there is a new path /v1/profiles/{id}/history'},
  {id: 'query-more', text: 'GET takes a new query parameter `fields`, which may be left out'},
];
/** So many of them are asked for. */
const DRAWN = 15;
const MISSES_MAX = 1;
/** What the old client breaks at, by its own rules: they are in the question. */
const BREAKING: readonly string[] = [
  'answer-field-renamed',
  'answer-field-gone',
  'answer-type',
  'answer-null',
  'answer-id-number',
  'answer-wrapped',
  'created-200',
  'request-required',
  'request-shorter',
  'request-strict',
  'header-required',
  'path-moved',
];

export function drawChanges(random: Random): readonly Change[] {
  return random.shuffle(CHANGES).slice(0, DRAWN);
}

export function question(random: Random) {
  const options = drawChanges(random).map(({id, text}) => ({id, text}));
  const text = `An old client sends \`{fullname, city, app}\`, of which nobody asked for \`app\`. Of an answer it wants the status that it always had and the texts \`id\`, \`fullname\` and \`city\`; it ignores what it does not know, follows no redirects and sends no header of its own. Which of these changes of the v1 API break it? (${options.map(({id}) => id).join(', ')})`;
  return {kind: 'choices' as const, text, options, missesMax: MISSES_MAX};
}

export function expectedBreaks(random: Random): readonly string[] {
  return drawChanges(random).flatMap(({id}) => (BREAKING.includes(id) ? [id] : []));
}

/** Ids of the drawn changes at which what was recorded of old clients in this run would have broken; undefined where nothing was recorded. */
export function measuredBreaks(drawn: readonly Change[], recorded: readonly Exchange[]): readonly string[] | undefined {
  const good = recorded.filter(ok);
  const kinds = new Set(good.map(({method}) => method));
  if (kinds.size < 3) return undefined;
  return drawn.filter(change => good.some(exchange => breaks(change, exchange))).map(({id}) => id);
}

function breaks({takes, answers}: Change, exchange: Exchange): boolean {
  if (takes !== undefined && !takes(exchange)) return true;
  const {status = exchange.status, answer = exchange.answer} = answers?.(exchange) ?? {};
  const wanted = exchange.method === 'POST' ? 201 : 200;
  return status !== wanted || ['id', 'fullname', 'city'].some(name => typeof answer[name] !== 'string');
}
