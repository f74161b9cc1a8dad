import {connect, type Socket} from 'node:net';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {LocalFabric} from './create-fabric.ts';
import type {ToxicKind, ToxicSpec} from './fabric.ts';
import {openLink, serve, toxic} from './testing.ts';

type Toxic = Pick<ToxicSpec, 'kind' | 'stream' | 'toxicity' | 'attributes'>;
type Step =
  | {readonly do: 'send'; readonly bytes: number}
  | {readonly do: 'answer'; readonly bytes: number}
  | {readonly do: 'add'; readonly toxic: Toxic}
  | {readonly do: 'update'; readonly which: number; readonly toxic: Toxic}
  | {readonly do: 'remove'; readonly which: number}
  | {readonly do: 'wait'; readonly ms: number};

const integer = (max: number, min = 0) => fc.integer({min, max});

/** Kinds that lose nothing, with attributes that leave a run short. */
const ATTRIBUTES: readonly (readonly [ToxicKind, fc.Arbitrary<ToxicSpec['attributes']>])[] = [
  ['latency', fc.record({latency: integer(25), jitter: integer(12)})],
  // Rate 0 holds until it goes.
  ['bandwidth', fc.record({rate: fc.oneof(fc.constant(0), integer(50_000, 2_000))})],
  ['slicer', fc.record({average_size: integer(3_000, 200), size_variation: integer(199), delay: integer(300)})],
  ['slow_close', fc.record({delay: integer(30)})],
  ['slow_open', fc.record({delay: integer(12)})],
  ['blackhole', fc.constant({})],
  ['noop', fc.constant({})],
];

const anyToxic: fc.Arbitrary<Toxic> = fc.oneof(
  ...ATTRIBUTES.map(([kind, attributes]) =>
    fc.record({
      kind: fc.constant(kind),
      stream: fc.constantFrom('upstream' as const, 'downstream' as const, 'both' as const),
      toxicity: fc.constantFrom(0, 0.5, 1, 1),
      attributes,
    }),
  ),
);

const size = fc.oneof(integer(300, 1), integer(60_000, 1));
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 5, arbitrary: fc.record({do: fc.constant('send' as const), bytes: size})},
  {weight: 5, arbitrary: fc.record({do: fc.constant('answer' as const), bytes: size})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('add' as const), toxic: anyToxic})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('update' as const), which: integer(5), toxic: anyToxic})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('remove' as const), which: integer(5)})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('wait' as const), ms: integer(4)})},
);

const plan = fc.record({
  first: fc.array(anyToxic, {maxLength: 4, size: 'max'}),
  steps: fc.array(step, {maxLength: 50, size: 'max'}),
  protocol: fc.constantFrom('postgres' as const, 'http' as const),
  /** Which end closes its side first, before the toxics are gone; the other goes on until it has seen that. */
  closes: fc.constantFrom('client' as const, 'upstream' as const),
});

describe('toxics that come, change and go in flight', () => {
  it('lose, double and reorder no byte in either direction, and a half-close arrives after all of them', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({first, steps, protocol, closes}) => {
        const client = createEnd(1);
        const server = createEnd(2);
        await using upstream = await serve(server.attach);
        await using link = await openLink(upstream.address, {protocol});
        const toxics = new Toxics(link.fabric);
        for (const each of first) await toxics.add(each);
        client.attach(connect({...link.address, allowHalfOpen: true}));
        await play(steps, toxics, client, server);
        const [one, other] = closes === 'client' ? [client, server] : [server, client];
        one.close();
        await toxics.removeHolding();
        await other.seesEnd();
        // The other half still carries bytes.
        other.send(1_000);
        other.close();
        await one.seesEnd();
        expect(client.received().equals(server.sent())).toBe(true);
        expect(server.received().equals(client.sent())).toBe(true);
      }),
      {timeout: 10_000, numRuns: 60, seed: 20_261_127, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true},
    );
  });
});

/** One end of a connection, which may send before it is connected. Each sends a sequence of its own. */
function createEnd(seed: number) {
  const sent: Buffer[] = [];
  const received: Buffer[] = [];
  const early: (() => void)[] = [];
  let socket: Socket | undefined;
  let value = seed;
  let seen: () => void;
  const ended = new Promise<void>(resolve => {
    seen = resolve;
  });
  const doNow = (act: () => void): void => {
    if (socket === undefined) early.push(act);
    else act();
  };
  return {
    attach: (opened: Socket): void => {
      socket = opened;
      opened.on('data', (bytes: Buffer) => received.push(bytes));
      opened.on('end', () => seen());
      for (const act of early) act();
    },
    send: (length: number): void => {
      const bytes = Buffer.allocUnsafe(length);
      // A linear congruential generator: a piece that is lost, doubled or in another place cannot go unnoticed.
      for (let index = 0; index < length; index++) {
        value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[index] = value >>> 24;
      }
      sent.push(bytes);
      doNow(() => socket?.write(bytes));
    },
    close: (): void => doNow(() => socket?.end()),
    seesEnd: (): Promise<void> => ended,
    sent: (): Buffer => Buffer.concat(sent),
    received: (): Buffer => Buffer.concat(received),
  };
}

type End = ReturnType<typeof createEnd>;

/** The toxics of one run, by the order in which they came. */
class Toxics {
  readonly #fabric: LocalFabric;
  readonly #inForce: ToxicSpec[] = [];
  #count = 0;

  constructor(fabric: LocalFabric) {
    this.#fabric = fabric;
  }

  async add(wanted: Toxic): Promise<void> {
    this.#count++;
    const spec = toxic(wanted.kind, {...wanted, id: `toxic-${this.#count}`, seed: this.#count});
    this.#inForce.push(spec);
    await this.#fabric.change({add: [spec]});
  }

  async update(which: number, wanted: Toxic): Promise<void> {
    const index = which % Math.max(1, this.#inForce.length);
    const old = this.#inForce[index];
    if (old === undefined) return;
    const spec = {...old, ...wanted};
    this.#inForce[index] = spec;
    await this.#fabric.change({remove: [old.id], add: [spec]});
  }

  async remove(which: number): Promise<void> {
    const [old] = this.#inForce.splice(which % Math.max(1, this.#inForce.length), 1);
    if (old !== undefined) await this.#fabric.change({remove: [old.id]});
  }

  /** Those that let nothing through as long as they are there. */
  async removeHolding(): Promise<void> {
    const holding = this.#inForce.filter(({kind, attributes}) => kind === 'blackhole' || attributes.rate === 0);
    await this.#fabric.change({remove: holding.map(({id}) => id)});
  }
}

async function play(steps: readonly Step[], toxics: Toxics, client: End, server: End): Promise<void> {
  for (const next of steps) {
    if (next.do === 'send') client.send(next.bytes);
    else if (next.do === 'answer') server.send(next.bytes);
    else if (next.do === 'wait') await new Promise(resolve => setTimeout(resolve, next.ms));
    else if (next.do === 'add') await toxics.add(next.toxic);
    else if (next.do === 'update') await toxics.update(next.which, next.toxic);
    else await toxics.remove(next.which);
  }
}
