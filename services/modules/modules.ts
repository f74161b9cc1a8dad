import {buildIdentity} from '../identity/identity.ts';
import {MIGRATIONS as IDENTITY_MIGRATIONS} from '../identity/migrations.ts';
import {ConfigurationError} from '../kit/parse-environment.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {MIGRATIONS as STREAM_MIGRATIONS} from '../stream/migrations.ts';
import {buildStream, STREAM_PARTS} from '../stream/stream.ts';
import {withLocalCalls} from './local-calls.ts';
import {provisionQuota, quotaReader} from './quotas.ts';

/** What identity and stream consist of, and under which name others call it. */
const CALLED_AS = {accounts: 'identity', quotas: 'quotas', activity: 'stream', alerts: 'alerts'} as const;
type ModuleName = keyof typeof CALLED_AS;
const NAMES = Object.keys(CALLED_AS) as readonly ModuleName[];

/**
 * The modules of identity and stream in one process on one database: all of them (the monolith), or those that `rawModules` names, separated by
 * commas. What another module serves is called without the network when it is in the same process, and over its link when it is not.
 */
export function modular(name: string, rawModules: string | undefined): ServiceDefinition {
  const asked = rawModules === undefined || rawModules === '' ? NAMES : rawModules.split(',');
  const here = new Set(NAMES.filter(module => asked.includes(module)));
  const parts = new Set(STREAM_PARTS.filter(part => here.has(part)));
  return {
    name,
    database: {
      migrations: [...(here.has('accounts') ? IDENTITY_MIGRATIONS : []), ...(parts.size > 0 ? STREAM_MIGRATIONS : [])],
    },
    async build(bareKit) {
      const unknown = asked.find(module => !NAMES.includes(module as ModuleName));
      if (unknown !== undefined)
        throw new ConfigurationError(`MODULES: there is no module "${unknown}"; there are ${NAMES.join(', ')}.`);
      const local = new Set([...here].map(module => CALLED_AS[module]));
      const kit: Kit = {...bareKit, links: withLocalCalls(bareKit, local)};
      if (here.has('accounts')) await buildIdentity(kit, provisionQuota(kit, here.has('quotas')));
      if (parts.size > 0) await buildStream(kit, parts, parts.has('quotas') ? undefined : quotaReader(kit));
    },
  };
}
