import {expect, it} from 'vitest';
import {accessUrl, urlWithoutPassword} from './access-url.ts';

const address = {host: '127.0.0.1', port: 4222};

it('escapes what a password may hold, and goes to another address where it is told to', () => {
  const access = {engine: 'nats', address, user: 'lab', password: 'p@ss/w:rd'} as const;
  expect(accessUrl(access)).toBe('nats://lab:p%40ss%2Fw%3Ard@127.0.0.1:4222');
  expect(accessUrl(access, {host: 'fabric', port: 1})).toBe('nats://lab:p%40ss%2Fw%3Ard@fabric:1');
});

it('names the database where the engine has several, and shows no password', () => {
  const access = {address, user: 'identity', password: 'secret', database: 'identity'};
  expect(urlWithoutPassword(access)).toBe('postgres://identity@127.0.0.1:4222/identity');
});
