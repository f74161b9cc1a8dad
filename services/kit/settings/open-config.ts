import {createConfig as defaultConfig} from '../seams/config.default.ts';
import type {Answers, Config, ConfigTools} from '../seams/config.ts';
import type {App} from '../server.ts';
import type {Kit} from '../service.ts';
import {UnavailableError} from '../unavailable.ts';
import {SETTINGS_SPACE} from './document.ts';
import {keepInFile} from './keep-in-file.ts';

/** Settings of a service that can be changed while it runs: its own `defaults` until others are there. */
export async function openConfig<S>(
  kit: Kit,
  service: string,
  {defaults, parse}: Pick<ConfigTools<S>, 'defaults' | 'parse'>,
): Promise<Config<S>> {
  const {app, clock, environment, log} = kit;
  const createConfig = await kit.seam('config', 'createConfig', defaultConfig);
  const config = createConfig({
    store: (await kit.space(SETTINGS_SPACE)) ?? NO_STORE,
    service,
    node: environment.nodeName,
    defaults,
    parse,
    answers: countAnswers(app),
    keep: keepInFile(environment.settingsFolder, environment.nodeName),
    clock,
    log,
  });
  kit.onStart(async () => config.start?.());
  kit.onStop(async () => config.stop?.());
  return config;
}

function countAnswers(app: App): () => Answers {
  let answered = 0;
  let failed = 0;
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.probe !== true) {
      answered += 1;
      if (reply.statusCode >= 500) failed += 1;
    }
    done();
  });
  return () => ({answered, failed});
}

const refuse = (): Promise<never> => Promise.reject(new UnavailableError('BROKER_URL names no store of settings.'));
/** A service that was given no broker goes by its defaults. */
const NO_STORE: ConfigTools<unknown>['store'] = {get: refuse, create: refuse, compareAndSet: refuse};
