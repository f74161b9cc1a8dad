import fc from 'fast-check';
import {expect, it} from 'vitest';
import {FILTERS, namesOf, parseGroupSubject, parseMessageSubject, toToken} from './names.ts';

it('keeps plain ids readable, and gives every id a subject of its own', () => {
  const names = namesOf('identity.events');
  expect(names.messages).toBe('identity=2Eevents');
  expect(names.message(3, 'a-1')).toBe('messages.identity=2Eevents.3.a-1');
  const subject = fc.string({unit: 'binary', minLength: 1, maxLength: 80});
  fc.assert(
    fc.property(subject, subject, (one, other) => {
      const [first, second] = [names.message(0, one), names.message(0, other)];
      expect(first.split('.')).toHaveLength(4);
      expect(first).toMatch(/^[\w.=-]+$/);
      // Halves of surrogate pairs are one and the same as UTF-8.
      expect(first === second).toBe(Buffer.from(one).equals(Buffer.from(other)));
    }),
  );
});

it('gives back the groups that its subjects were made of', () => {
  fc.assert(
    fc.property(fc.string({minLength: 1}), fc.nat(), (group, number) => {
      const names = namesOf('s');
      expect(parseGroupSubject(names.progress(group, number))).toEqual({group, number});
      expect(parseMessageSubject(names.copy(number, group, '1-2'))).toEqual({partition: number, onlyGroup: group});
      expect(parseMessageSubject(names.message(number, 'id'))).toEqual({partition: number});
    }),
  );
});

it('tells streams and their groups apart', () => {
  expect(namesOf('a.b').messages).not.toBe(namesOf('a=2Eb').messages);
  expect(namesOf('a').groups).not.toBe(namesOf('a=groups').messages);
  expect(FILTERS.originals('a.b')).toBe(`messages.${toToken('a.b')}.*.*`);
});
