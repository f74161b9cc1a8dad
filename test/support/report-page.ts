import type {Page} from 'puppeteer-core';

/** Where an element is on the screen. `key` is the value of an attribute of it or of what it is in. */
export interface Place {
  readonly panel: string;
  readonly key: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

// Questions are text: they are run in the page, whose names the types of this project do not know.
const PICTURE = "[...document.querySelectorAll('svg.timeline')].find(svg => svg.getBoundingClientRect().width > 0)";

/** Elements that reach over the right edge of the page, or whose text does not fit into them. Pictures cut off what is outside of them. */
export async function overflowing(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(() => {
    const isHidden = element => element.closest('thead') && getComputedStyle(element.closest('thead')).position === 'absolute';
    const wide = [...document.querySelectorAll('body *:not(svg *)')]
      .filter(element => !isHidden(element))
      .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5 ||
        (/^(PRE|CODE|TD|TH|P|DD|LI|H1|H3)$/.test(element.tagName) && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1));
    const page = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
    return [...page, ...wide.map(element => element.tagName + ': ' + element.textContent.slice(0, 60))];
  })()`)) as readonly string[];
}

/** Texts of the shown picture that reach out of it. */
export async function textsOutside(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(() => {
    const picture = ${PICTURE};
    const {left, right} = picture.getBoundingClientRect();
    return [...picture.querySelectorAll('text')]
      .filter(text => text.getBoundingClientRect().left < left - 1 || text.getBoundingClientRect().right > right + 1)
      .map(text => text.textContent);
  })()`)) as readonly string[];
}

/** Places of what a selector finds in the shown picture. */
export async function places(page: Page, selector: string, attribute: string): Promise<readonly Place[]> {
  return (await page.evaluate(`[...${PICTURE}.querySelectorAll(${JSON.stringify(selector)})].map(element => {
    const {left, right, top} = element.getBoundingClientRect();
    const panel = element.closest('[data-panel]')?.getAttribute('data-panel') ?? '';
    const key = element.closest('[${attribute}]')?.getAttribute('${attribute}') ?? '';
    return {panel, key, left, right, top};
  })`)) as readonly Place[];
}

/** What is said of the moment below the pointer. */
export async function reading(page: Page): Promise<unknown> {
  return page.evaluate(`document.querySelector('.reading').textContent`);
}

export async function openAllDetails(page: Page): Promise<void> {
  await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
}
