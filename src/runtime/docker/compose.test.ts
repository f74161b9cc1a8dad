import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {defaultTopology} from '../../topology/default.ts';
import {planTopology} from '../../topology/plan-topology.ts';
import {composeFile} from './compose.ts';

interface Compose {
  readonly services: Readonly<
    Record<string, {readonly environment?: Readonly<Record<string, string>>; readonly ports?: string[]}>
  >;
}

describe('a compose file', () => {
  it('is the one of docker/compose.yaml for the default topology', async () => {
    const text = composeFile(planTopology(defaultTopology(), {broker: 'nats'}), {context: '..'});
    expect(await readFile(new URL('../../../docker/compose.yaml', import.meta.url), 'utf8')).toBe(text);
  });

  it('has a container for each node, with links to all that it calls', () => {
    const plan = planTopology(defaultTopology(), {replicas: {identity: 2}, broker: 'postgres'});
    const {services} = parse(composeFile(plan, {context: '.'})) as Compose;
    expect(Object.keys(services)).toEqual([
      'gateway',
      'identity-1',
      'identity-2',
      'stream',
      'identity-db',
      'stream-db',
      'broker',
    ]);
    expect(JSON.parse(services.gateway?.environment?.LINKS ?? '')).toMatchObject({
      identity: [
        {node: 'identity-1', url: 'http://identity-1:8080'},
        {node: 'identity-2', url: 'http://identity-2:8080'},
      ],
      stream: [{url: 'http://stream:8080'}],
    });
    expect(services['identity-2']?.environment?.DATABASE_URL).toMatch(/@identity-db:5432\/identity$/);
    expect(services['identity-2']?.environment?.BROKER_URL).toMatch(/@broker:5432\/broker$/);
  });

  it('publishes the gateway alone, on the loopback interface', () => {
    const {services} = parse(composeFile(planTopology(defaultTopology()), {context: '.'})) as Compose;
    const published = Object.entries(services).flatMap(([name, {ports = []}]) => ports.map(port => `${name} ${port}`));
    expect(published).toHaveLength(1);
    expect(published[0]).toMatch(/^gateway 127\.0\.0\.1:/);
  });
});
