import type {LabTools} from '../../src/labs/lab.ts';
import type {LoadRequest, Operation} from '../../src/load/load.ts';

/** Each is hashed a password, with what is sent again: at 26 a second that alone filled a core, and retries what was left of the other. */
const RATE_PER_SECOND = 20;
/** How many operations there are of each kind; 500 in all that must leave exactly one row each. */
const COUNTS = {once: 270, pair: 70, repeated: 130, twin: 20, stranger: 10} as const;
/** A client waits so long for one try, and says so: what nobody waits for any more is not to be hashed. */
const TRY_MS = 2_500;
const BAD_REQUESTS = 60;
const OTHER_PAYLOADS = 20;

/** What clients do to identity: most of it well-behaved, some of it twice, some of it wrong. */
export function traffic(tools: LabTools): Operation[] {
  const {random} = tools;
  const kinds = random.shuffle([
    ...Array.from({length: COUNTS.once}, () => 'once' as const),
    ...Array.from({length: COUNTS.pair}, () => 'pair' as const),
    ...Array.from({length: COUNTS.repeated}, () => 'repeated' as const),
  ]);
  const first = kinds.map((kind, index) =>
    register(tools, kind, `op-${index}`, (index * 1000) / RATE_PER_SECOND, body(tools)),
  );
  const endMs = first.at(-1)?.atMs ?? 0;
  const sample = random.shuffle(first.filter(operation => operation.atMs < endMs - 4_000));
  const twins = Array.from({length: COUNTS.twin / 2}, (_, index) => {
    const payload = body(tools);
    const atMs = random.integer(0, endMs);
    // One client, two people of one name: only the keys tell them apart.
    const client = `twins-${random.hex(6)}`;
    return ['a', 'b'].map((which, second) =>
      register(tools, 'twin', `twin-${index}-${which}`, atMs + second * random.integer(0, 1_500), payload, {
        'x-client-id': client,
        'idempotency-key': random.hex(24),
      }),
    );
  }).flat();
  const strangers = sample.slice(0, COUNTS.stranger).map((other, index) =>
    register(tools, 'stranger', `stranger-${index}`, other.atMs + 3_000, body(tools), {
      'x-client-id': `other-${random.hex(6)}`,
      'idempotency-key': other.request.headers?.['idempotency-key'] ?? '',
    }),
  );
  const others = sample
    .slice(COUNTS.stranger, COUNTS.stranger + OTHER_PAYLOADS)
    .map((other, index) =>
      register(
        tools,
        'other-payload',
        `other-payload-${index}`,
        other.atMs + 3_000,
        body(tools),
        other.request.headers,
      ),
    );
  const bad = Array.from(
    {length: BAD_REQUESTS},
    (_, index): Operation => ({
      id: `bad-${index}`,
      name: 'bad',
      atMs: random.integer(0, endMs),
      patienceMs: 5_000,
      request: badRequest(tools),
    }),
  );
  return [...first, ...twins, ...strangers, ...others, ...bad].toSorted((a, b) => a.atMs - b.atMs);
}

/** One client that wants one account. */
export function register(
  tools: LabTools,
  name: string,
  id: string,
  atMs: number,
  payload: {readonly name: string; readonly password: string},
  headers?: Readonly<Record<string, string>>,
): Operation {
  return {
    id,
    name,
    atMs,
    patienceMs: 6_000,
    request: {
      method: 'POST',
      path: '/v1/accounts',
      headers: {
        'x-client-id': `client-${tools.random.hex(6)}`,
        'idempotency-key': tools.random.hex(24),
        ...headers,
        'content-type': 'application/json',
        'x-patience-ms': String(TRY_MS),
      },
      body: JSON.stringify(payload),
    },
    retry: {sendsMax: 3, backoffMs: 120, timeoutMs: TRY_MS},
    ...(name === 'pair' ? {copies: 2} : {}),
    ...(name === 'repeated' ? {repeatAfterMs: tools.random.integer(50, 900)} : {}),
    facts: {name: payload.name},
  };
}

/** A payload that nobody else has. */
export function body({random}: LabTools): {readonly name: string; readonly password: string} {
  return {name: `n-${random.hex(12)}`, password: random.hex(16)};
}

function badRequest({random}: LabTools): LoadRequest {
  const headers = {
    'content-type': 'application/json',
    'x-client-id': `bad-${random.hex(4)}`,
    'idempotency-key': random.hex(12),
  };
  const post = (text: string, more: Readonly<Record<string, string>> = {}): LoadRequest => ({
    method: 'POST',
    path: '/v1/accounts',
    headers: {...headers, ...more},
    body: text,
  });
  return random.pick([
    () => post('{"name":'),
    () => post('{}'),
    () => post(JSON.stringify({name: '', password: random.hex(16)})),
    () => post(JSON.stringify({name: random.hex(8), password: 'short'})),
    () => post(JSON.stringify({name: 42, password: random.hex(16)})),
    () => post(JSON.stringify([random.hex(4)])),
    () => post(JSON.stringify({name: 'x'.repeat(81), password: random.hex(16)})),
    () => post('name=Ada', {'content-type': 'text/csv'}),
    () => post(JSON.stringify({name: random.hex(8), password: random.hex(16), role: 'admin'})),
  ])();
}
