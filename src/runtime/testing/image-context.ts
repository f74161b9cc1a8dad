import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import type {ContextFile} from '../docker/images.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** An image with the echo service and the agent. */
export async function testContext(): Promise<readonly ContextFile[]> {
  const source = (name: string): string => join(root, name);
  const options = {bundle: true, platform: 'node', target: 'node20', logLevel: 'error', write: false} as const;
  const banner = {js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);"};
  const built = await Promise.all([
    build({
      ...options,
      format: 'cjs',
      entryPoints: [source('src/runtime/testing/echo-service.ts')],
      outfile: 'echo.cjs',
    }),
    ...[
      ['container-main', 'agent'],
      ['fabric-thread', 'fabric-thread'],
      ['load-thread', 'load-thread'],
      ['telemetry-thread', 'telemetry-thread'],
      ['tunnel-main', 'tunnel'],
    ].map(async ([name, out]) =>
      build({...options, format: 'esm', banner, entryPoints: [source(`src/agent/${name}.ts`)], outfile: `${out}.mjs`}),
    ),
  ]);
  const [echo, ...agent] = built.map(({outputFiles}) => Buffer.from(outputFiles[0]?.contents ?? []));
  const recipe = await Promise.all(
    ['docker/Dockerfile', 'docker/start.mjs'].map(async name => ({name, content: await readFile(source(name))})),
  );
  return [
    ...recipe,
    {name: 'dist/services/echo.cjs', content: Buffer.from("require('./echo.bundle.cjs');")},
    {name: 'dist/services/echo.bundle.cjs', content: echo ?? Buffer.alloc(0)},
    ...['agent', 'fabric-thread', 'load-thread', 'telemetry-thread', 'tunnel'].map((name, index) => ({
      name: `dist/container/${name}.mjs`,
      content: agent[index] ?? Buffer.alloc(0),
    })),
  ];
}

/** What stewards of a swarm run. */
export async function stewardProgram(): Promise<Buffer> {
  const {outputFiles} = await build({
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    write: false,
    entryPoints: [join(root, 'src/agent/steward-main.ts')],
    outfile: 'steward.mjs',
  });
  return Buffer.from(outputFiles[0]?.contents ?? []);
}
