import {execFileSync} from 'node:child_process';
import {pathToFileURL} from 'node:url';
import puppeteer, {type Browser, type Page} from 'puppeteer-core';

/** A page in a real browser, with everything that it did that a report must not do. */
export interface OpenPage {
  readonly page: Page;
  /** Messages of the console and errors of scripts. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, besides the page itself. */
  readonly requests: readonly string[];
}

export interface PageLook {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
}

/** Headless Chromium of this machine; disposing ends it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();
  // Its sandbox needs rights that root in a container does not have; what it opens here are files of our own.
  return puppeteer.launch({executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], headless: true});
}

/** Opens a file from disk, as a double click would. */
export async function openFile(browser: Browser, file: string, {width, scheme = 'light'}: PageLook): Promise<OpenPage> {
  const page = await browser.newPage();
  const address = pathToFileURL(file).href;
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('dialog', dialog => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', request => {
    if (request.url() !== address) requests.push(request.url());
  });
  await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
  await page.setViewport({width, height: 900});
  await page.goto(address, {waitUntil: 'load'});
  return {page, complaints, requests};
}
