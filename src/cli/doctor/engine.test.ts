import {beforeEach, describe, expect, it} from 'vitest';
import {requireTool} from '../../../test/support/require.ts';
import type {EngineFacts} from '../../runtime/docker/describe-engine.ts';
import {describeEngine} from '../../runtime/docker/describe-engine.ts';
import {resolveEndpoint} from '../../runtime/docker/endpoint.ts';
import {describeFacts} from './engine.ts';

const FACTS: EngineFacts = {
  host: 'unix:///var/run/docker.sock',
  source: 'default socket',
  version: '28.0.1',
  api: '1.48',
  operatingSystem: 'Debian',
  storageDriver: 'overlay2',
  cgroupVersion: '2',
  missing: {},
  images: {present: ['node:20-bookworm-slim', 'postgres:18-bookworm'], absent: []},
};

describe('what the doctor says of an engine', () => {
  it('is a line each for the engine, its storage, its limits and its images', () => {
    expect(describeFacts(FACTS).map(({name, state}) => `${name} ${state}`)).toEqual([
      'Docker ok',
      'storage ok',
      'limits ok',
      'images ok',
    ]);
    expect(describeFacts(FACTS)[0]?.found).toBe(
      'engine 28.0.1, API 1.48, on Debian, at unix:///var/run/docker.sock (default socket)',
    );
  });

  it('names the faults that it cannot do, and the images that will be pulled', () => {
    const findings = describeFacts({
      ...FACTS,
      missing: {throttle: 'this engine cannot limit CPU time'},
      images: {present: [], absent: ['nats:2.9']},
    });
    expect(findings[2]).toMatchObject({
      state: 'warn',
      found: 'cgroup v2: not possible here: throttle (this engine cannot limit CPU time)',
    });
    expect(findings[3]?.found).toContain('nats:2.9 will be pulled once');
  });
});

describe('a Docker Engine', () => {
  beforeEach(context => requireTool(context, 'docker'));

  it('says what it is', async () => {
    const facts = await describeEngine(await resolveEndpoint());
    expect(Number(facts.api)).toBeGreaterThanOrEqual(1.41);
    expect(facts.cgroupVersion).toMatch(/^[12]$/);
    expect(facts.storageDriver).not.toBe('?');
  });
});
