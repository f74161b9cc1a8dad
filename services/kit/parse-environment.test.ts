import fc from 'fast-check';
import {expect, it} from 'vitest';
import {ConfigurationError, parseEnvironment} from './parse-environment.ts';

const SERVICE = {name: 'identity', needsDatabase: false};

it('has defaults for all that is not given', () => {
  expect(parseEnvironment({}, SERVICE)).toMatchObject({
    nodeName: 'identity',
    host: '127.0.0.1',
    port: 8_080,
    links: {},
    seams: {},
    profile: 'production',
    logLevel: 'info',
  });
});

it('reads links and seams', () => {
  const links = {stream: [{node: 'stream-1', url: 'http://127.0.0.1:21001'}]};
  expect(
    parseEnvironment({LINKS: JSON.stringify(links), SEAMS: '{"publisher":"/tmp/publisher.mjs"}'}, SERVICE),
  ).toMatchObject({links, seams: {publisher: '/tmp/publisher.mjs'}});
});

it.each([
  [{PORT: '70000'}, 'PORT must be a whole number from 0 to 65535, not "70000".'],
  [{LINKS: '{"stream":[]}'}, 'LINKS.stream must be a list of {"node": …, "url": "http://…"} with at least one entry.'],
  [{LINKS: '[]'}, 'LINKS must be a JSON object.'],
  [{PROFILE: 'test'}, 'PROFILE must be one of lab, production, not "test".'],
  [{DATABASE_URL: 'mysql://root:hunter2@x'}, 'DATABASE_URL must be a postgres:// URL.'],
  [{CONTROL_FD: '1'}, 'CONTROL_FD must be a whole number from 3 to 1023, not "1".'],
])('says what is wrong with %o, without secrets', (raw, message) => {
  expect(() => parseEnvironment(raw, SERVICE)).toThrow(new ConfigurationError(message));
});

it('wants a database for a service that has one', () => {
  expect(() => parseEnvironment({}, {...SERVICE, needsDatabase: true})).toThrow(
    'DATABASE_URL is missing: identity needs a database.',
  );
});

it('throws nothing but configuration errors, whatever the values', () => {
  const names = [
    'PORT',
    'LINKS',
    'SEAMS',
    'DATABASE_URL',
    'PROFILE',
    'LOG_LEVEL',
    'CONTROL_FD',
    'DATABASE_POOL_MAX',
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.oneof(fc.string(), fc.json()), (name, value) => {
      try {
        parseEnvironment({[name]: value}, SERVICE);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
    }),
  );
});
