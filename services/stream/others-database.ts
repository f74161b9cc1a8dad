import type {Queryable} from '../kit/database.ts';
import type {Kit} from '../kit/service.ts';

/** A database of another service, as far as its owner lets this one in; undefined where there is no link to it. Connected at the first use. */
export function openOthersDatabase(kit: Kit, node: string): Queryable | undefined {
  const {crashPoints, environment, log} = kit;
  const url = Object.hasOwn(environment.otherDatabases, node) ? environment.otherDatabases[node] : undefined;
  if (url === undefined) return undefined;
  const opened = import('../kit/postgres.ts').then(({createPostgresDatabase}) =>
    createPostgresDatabase({url, log, crashPoints, applicationName: environment.nodeName}),
  );
  kit.onStop(async () => (await opened).close());
  return {query: async (text, parameters) => (await opened).query(text, parameters)};
}
