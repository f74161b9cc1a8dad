import {describe, expect, it} from 'vitest';
import {hideSecrets} from './hide-secrets.ts';

describe('hiding secrets', () => {
  it('hides values by their names, at any depth', () => {
    expect(
      hideSecrets({headers: [{Authorization: 'abc'}], api_key: {a: 'b'}, password: 'x', other: 'y', tokens: 3}),
    ).toEqual({
      headers: [{Authorization: '[hidden]'}],
      api_key: '[hidden]',
      password: '[hidden]',
      other: 'y',
      tokens: 3,
    });
  });

  it('hides passwords in addresses, and tokens in text', () => {
    expect(hideSecrets('postgres://ada:s3cret@db:5432/x')).toBe('postgres://ada:[hidden]@db:5432/x');
    expect(hideSecrets('sent Bearer abcdef.ghijkl-123')).toBe('sent Bearer [hidden]');
    expect(hideSecrets('got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln')).toBe('got [hidden]');
  });

  it('changes nothing else', () => {
    const value = {list: [1, null, true, 'https://example.com/a:b@c'], text: 'a basic idea', time: 4};
    expect(hideSecrets(value)).toEqual(value);
  });
});
