import {Duplex, PassThrough} from 'node:stream';
import {expect, it, vi} from 'vitest';
import {createControlChannel} from './control-channel.ts';
import type {NodeReport} from './runtime.ts';

it('believes a hit only of who was told the secret, which comes before every command', async () => {
  const fromNode = new PassThrough();
  const toNode = new PassThrough();
  const channel = createControlChannel(Duplex.from({readable: fromNode, writable: toNode}));
  const reports: NodeReport[] = [];
  channel.onReport(report => reports.push(report));
  void channel.arm('before_commit', 0);
  const told = await vi.waitUntil(() => {
    const lines = String(toNode.read() ?? '').split('\n');
    return lines.length > 1 && lines.slice(0, -1).map(line => JSON.parse(line) as Record<string, string>);
  });
  expect(told[0]).toEqual({type: 'secret', secret: expect.stringMatching(/^[0-9a-f]{32}$/)});
  const {secret} = told[0] ?? {};
  for (const shown of [{}, {secret: ''}, {secret: 'guessed'}, {secret}])
    fromNode.write(`${JSON.stringify({type: 'crash-point', point: 'before_commit', at: 1, ...shown})}\n`);
  fromNode.write(`${JSON.stringify({type: 'tampering', what: 'process.kill'})}\n`);
  await vi.waitUntil(() => reports.length > 1);
  expect(reports).toEqual([
    {type: 'crash-point', point: 'before_commit', at: 1},
    {type: 'tampering', what: 'process.kill'},
  ]);
});
