import {describe, expect, it} from 'vitest';
import {markup} from './markup.ts';

describe('a template of markup', () => {
  it('escapes text and keeps markup', () => {
    const name = '<b>"\'&';
    expect(markup`<i title="${name}">${name}</i>${markup`<br>`}`.text).toBe(
      '<i title="&lt;b&gt;&quot;&#39;&amp;">&lt;b&gt;&quot;&#39;&amp;</i><br>',
    );
  });

  it('puts lists together and leaves out what is not there', () => {
    expect(markup`${['a', markup`<br>`, 1]}${false}${null}${undefined}`.text).toBe('a<br>1');
  });

  it('has no place for numbers that are none', () => expect(markup`${Number.NaN}`.text).toBe(''));
});
