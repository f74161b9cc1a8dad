import {expect, it} from 'vitest';
import {describeTolerance, isWithin} from './tolerance.ts';

type Checked = Parameters<typeof isWithin>[0];
const http = {status: 200, headers: {'content-type': 'text/html'}, body: '{"a": [{"n": 1}, {"n": 2}]}'};

it.each<[string, Checked, unknown, boolean]>([
  ['a status is compared with a number', {kind: 'equals', value: 200}, http, true],
  ['another status is not the number', {kind: 'equals', value: 503}, http, false],
  ['a text is itself', {kind: 'equals', value: 'ready'}, 'ready', true],
  ['true is not 1', {kind: 'equals', value: true}, 1, false],
  ['two figures are a range', {kind: 'list', values: [1, 5]}, 3.5, true],
  ['a range ends', {kind: 'list', values: [1, 5]}, 5.1, false],
  ['of a status, two figures are two of them', {kind: 'list', values: [200, 503]}, {status: 404}, false],
  ['three are members', {kind: 'list', values: [1, 2, 3]}, 2, true],
  ['members can be texts', {kind: 'list', values: ['a', 'b', 'c']}, 'd', false],
  ['nothing is in no range', {kind: 'list', values: [0, 1]}, null, false],
  ['a pattern is looked for', {kind: 'regex', pattern: 'n": \\d', target: 'body'}, http, true],
  ['a pattern finds nothing in what is no text', {kind: 'regex', pattern: '.', target: undefined}, 5, false],
  ['a range takes figures in texts', {kind: 'range', range: [1, 5], target: undefined}, '4', true],
  ['a range takes no words', {kind: 'range', range: [1, 5], target: undefined}, 'four', false],
  ['a path has to match', {kind: 'jsonpath', path: '$.a[*].n', target: 'body', count: undefined}, http, true],
  ['a path can be counted', {kind: 'jsonpath', path: '$.a[*]', target: 'body', count: 3}, http, false],
  [
    'a path can be expected to be a value',
    {kind: 'jsonpath', path: '$.a[0].n', target: 'body', count: undefined, expect: 1},
    http,
    true,
  ],
  [
    'or a list of them',
    {kind: 'jsonpath', path: '$.a[*].n', target: 'body', count: undefined, expect: [1, 3]},
    http,
    false,
  ],
])('%s', (_, tolerance, output, expected) => {
  expect(isWithin(tolerance, output)).toBe(expected);
  expect(describeTolerance(tolerance)).not.toBe('');
});
