import {assemble} from '../assemble.ts';
import type {ControlChannel} from '../control-channel.ts';
import {serveHealth} from '../health.ts';
import {migrate} from '../migrations.ts';
import {parseEnvironment} from '../parse-environment.ts';
import type {Kit, ServiceDefinition} from '../service.ts';

/** A service that runs in the test's own process; disposing it runs its stop hooks. */
export interface InProcessService extends AsyncDisposable {
  readonly url: string;
  readonly kit: Kit;
}

/** Starts a service as `runService` would, without what concerns the process: signals, exit codes, the control channel. */
export async function startInProcess(
  definition: ServiceDefinition,
  env: Readonly<Record<string, string>> = {},
): Promise<InProcessService> {
  const environment = parseEnvironment(
    {PORT: '0', LOG_LEVEL: 'silent', ...env},
    {name: definition.name, needsDatabase: definition.database !== undefined},
  );
  const channel: ControlChannel = {
    report: () => undefined,
    listen: () => undefined,
    introduced: Promise.resolve(),
    look: () => undefined,
  };
  const assembly = await assemble(definition, environment, channel);
  const {kit, checks, startSteps, stopSteps} = assembly;
  serveHealth(kit.app, {checks, clock: kit.clock, started: assembly.isStarted, draining: kit.draining});
  await definition.build(kit);
  const url = await kit.app.listen({host: '127.0.0.1', port: 0});
  if (definition.database !== undefined) await migrate(kit.database, definition.database.migrations);
  for (const step of startSteps) await step();
  assembly.markStarted();
  return {
    url,
    kit,
    async [Symbol.asyncDispose]() {
      assembly.markDraining();
      await kit.app.close();
      for (const step of [...stopSteps].reverse()) await step();
    },
  };
}
