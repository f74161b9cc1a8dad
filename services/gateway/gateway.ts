import {openAccessTokens} from '../kit/access-tokens.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {openConfig} from '../kit/settings/open-config.ts';
import {serveAlerts} from './alerts.ts';
import {createCollapser} from './collapse.ts';
import {serveDashboard} from './dashboard.ts';
import {describeRoutes} from './describe-routes.ts';
import {findInstances} from './find-instances.ts';
import {createInFlight} from './in-flight.ts';
import {limitClients} from './limit-clients.ts';
import {type ProxyTools, serveRoutes} from './proxy.ts';
import {compose as defaultCompose} from './seams/compose.default.ts';
import {composeAlerts as defaultComposeAlerts} from './seams/compose-alerts.default.ts';
import {defaultLimit} from './seams/limits.default.ts';
import {createRoutes as defaultRoutes} from './seams/routes.default.ts';
import {createShedding as defaultShedding} from './seams/shedding.default.ts';
import {createTrafficSplit as defaultSplit} from './seams/traffic-split.default.ts';
import {createUpstreamPolicy as defaultPolicy} from './seams/upstream-policy.default.ts';
import {type GatewaySettings, parseSettings} from './settings.ts';
import {createTurns, type Turns} from './turns.ts';
import {createUpstreams, type Upstreams} from './upstreams.ts';

/** One cap for all routes together, so that a hung upstream that nobody guards against really starves the others. */
const IN_FLIGHT_MAX = 64;
/**
 * Of the routes that take turns, for each instance of their service: as many as identity hashes passwords at once at most, and so few that the last of them has
 * its answer before it is given up.
 */
const TURNS_AT_ONCE = 3;
const TURNS_WAITING_MAX = 64;

/** The front door: routing, composition, verification of access tokens, a limit per client, and one policy per upstream. */
export const gateway: ServiceDefinition = {
  name: 'gateway',
  async build(kit) {
    const createPolicy = await kit.seam('upstream-policy', 'createUpstreamPolicy', defaultPolicy);
    const compose = await kit.seam('compose', 'compose', defaultCompose);
    const composeAlerts = await kit.seam('compose-alerts', 'composeAlerts', defaultComposeAlerts);
    const createRoutes = await kit.seam('routes', 'createRoutes', defaultRoutes);
    const routes = createRoutes({services: Object.keys(kit.environment.links), log: kit.log});
    const services = [...new Set(['identity', 'stream', alertsService(kit), ...routes.map(({service}) => service)])];
    const defaults: GatewaySettings = {limit: defaultLimit(kit.environment.profile)};
    const settings = await openConfig(kit, 'gateway', {defaults, parse: raw => parseSettings(raw, defaults)});
    const createShedding = await kit.seam('shedding', 'createShedding', defaultShedding);
    const createSplit = await kit.seam('traffic-split', 'createTrafficSplit', defaultSplit);
    const tools: ProxyTools = {
      upstreams: createUpstreams(kit, createPolicy, services, {
        discovery: await findInstances(kit, services),
        withinMs: () => settings.current().upstreamWithinMs,
        split: createSplit({rules: () => settings.current().split ?? {}}),
      }),
      tokens: await openAccessTokens(kit, 'gateway'),
      inFlight: createInFlight(createShedding({clock: kit.clock, places: IN_FLIGHT_MAX}), kit.clock),
      turnsOf: createTurnsOf(kit),
      collapser: createCollapser(kit.clock),
      clock: kit.clock,
    };
    kit.app.decorateRequest('account', '');
    await limitClients(kit, () => settings.current().limit);
    serveDashboard(kit.app, compose, tools);
    serveAlerts(kit.app, composeAlerts, {...tools, upstreams: withAlertsAt(alertsService(kit), tools.upstreams)});
    await serveRoutes(kit.app, routes, tools);
    kit.describe(describeRoutes(kit, routes));
    const index = {
      service: 'gateway',
      routes: [...routes.map(({method, path}) => `${method} ${path}`), 'GET /v1/dashboard', 'GET /v1/sign-in-alerts'],
      documentation: '/openapi.json',
    };
    kit.app.get('/', {schema: {hide: true}}, () => index);
  },
};

/** The turns of each service. */
function createTurnsOf({links, clock}: Pick<Kit, 'links' | 'clock'>): (service: string) => Turns {
  const all = new Map<string, Turns>();
  return service => {
    const instances = Math.max(1, links.instances(service).length);
    const turns =
      all.get(service) ?? createTurns({atOnce: TURNS_AT_ONCE * instances, waitingMax: TURNS_WAITING_MAX, clock});
    all.set(service, turns);
    return turns;
  };
}

/** Who has the alerts: stream, or a process of their own. */
function alertsService({environment}: Pick<Kit, 'environment'>): string {
  return Object.hasOwn(environment.links, 'alerts') ? 'alerts' : 'stream';
}

function withAlertsAt(alerts: string, upstreams: Upstreams): Upstreams {
  return {call: (service, call) => upstreams.call(service === 'stream' ? alerts : service, call)};
}
