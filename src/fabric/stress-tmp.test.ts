import {once} from 'node:events';
import {connect} from 'node:net';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {LocalFabric} from './create-fabric.ts';
import {openLink, serve, toxic} from './testing.ts';

type Step =
  | {readonly do: 'send'; readonly bytes: number}
  | {
      readonly do: 'latency';
      readonly stream: 'upstream' | 'downstream' | 'both';
      readonly latency: number;
      readonly jitter: number;
    }
  | {readonly do: 'blackhole'; readonly stream: 'upstream' | 'downstream' | 'both'}
  | {readonly do: 'remove'; readonly which: number}
  | {readonly do: 'wait'; readonly ms: number};

const stream = fc.constantFrom('upstream' as const, 'downstream' as const, 'both' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      bytes: fc.oneof(fc.integer({min: 1, max: 300}), fc.integer({min: 1, max: 400_000})),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('latency' as const),
      stream,
      latency: fc.integer({min: 0, max: 12}),
      jitter: fc.integer({min: 0, max: 12}),
    }),
  },
  {weight: 2, arbitrary: fc.record({do: fc.constant('blackhole' as const), stream})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('remove' as const), which: fc.nat(5)})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('wait' as const), ms: fc.integer({min: 0, max: 6})})},
);

describe('toxics that come and go in flight', () => {
  it('lose, double and reorder no byte, and keep a half-close', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, {minLength: 1, maxLength: 25}),
        fc.boolean(),
        fc.constantFrom('postgres' as const, 'http' as const),
        async (steps, toxicFirst, protocol) => {
          // Answers with all that it got, and only once the client has closed its side.
          await using upstream = await serve(socket => {
            const got: Buffer[] = [];
            socket.on('data', (bytes: Buffer) => {
              got.push(bytes);
              if (got.length % 3 === 0) socket.write('.');
            });
            socket.on('end', () => socket.end(Buffer.concat([Buffer.from('|'), ...got])));
          });
          await using link = await openLink(upstream.address, {protocol});
          if (toxicFirst) await link.fabric.change({add: [toxic('blackhole', {id: 'first'})]});
          const client = connect({...link.address, allowHalfOpen: true});
          const received: Buffer[] = [];
          client.on('data', (bytes: Buffer) => received.push(bytes));
          const sent = await play(steps, link.fabric, client, toxicFirst ? ['first'] : []);
          client.end();
          await link.fabric.change({
            remove: (await link.fabric.toxics()).filter(({kind}) => kind === 'blackhole').map(({id}) => id),
          });
          await once(client, 'end');
          const all = Buffer.concat(received);
          expect(all.subarray(all.indexOf('|') + 1).equals(sent)).toBe(true);
          expect(/^\.*$/.test(all.subarray(0, all.indexOf('|')).toString())).toBe(true);
        },
      ),
      {numRuns: 1500, interruptAfterTimeLimit: 45_000},
    );
  });
});

/** Plays the steps; returns what was sent. */
async function play(
  steps: readonly Step[],
  fabric: LocalFabric,
  client: ReturnType<typeof connect>,
  names: readonly string[],
): Promise<Buffer> {
  const sent: Buffer[] = [];
  const inForce = [...names];
  let value = 0;
  for (const [index, next] of steps.entries()) {
    const id = `toxic-${index}`;
    if (next.do === 'send') {
      // No `|` and no `.` among them.
      const bytes = Buffer.from(Array.from({length: next.bytes}, () => 200 + (value++ % 53)));
      sent.push(bytes);
      client.write(bytes);
    } else if (next.do === 'wait') {
      await new Promise(resolve => setTimeout(resolve, next.ms));
    } else if (next.do === 'remove') {
      const [removed] = inForce.splice(next.which % Math.max(1, inForce.length), 1);
      if (removed !== undefined) await fabric.change({remove: [removed]});
    } else {
      const attributes = next.do === 'latency' ? {latency: next.latency, jitter: next.jitter} : {};
      await fabric.change({add: [toxic(next.do, {id, stream: next.stream, seed: index, attributes})]});
      inForce.push(id);
    }
  }
  return Buffer.concat(sent);
}
