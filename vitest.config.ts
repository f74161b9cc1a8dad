import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';
import {NameOmissions} from './test/support/omissions.ts';

const services = fileURLToPath(new URL('./services/', import.meta.url));

/** Modules that loop, leak and hang, kills at every stage, engines of their own, faults that have to last: minutes of waiting, so `npm run test:hard` and not `npm test`. */
const HARD = [
  'test/kills.test.ts',
  'test/bad-modules.test.ts',
  'test/tampering.test.ts',
  'test/engine-stop.test.ts',
  'test/engine-swarm.test.ts',
  'test/node-faults.test.ts',
  'test/experiments.test.ts',
  'test/asked.test.ts',
  'test/mesh.test.ts',
  'test/own-lab.test.ts',
  'test/saga.test.ts',
  'test/soak.test.ts',
  'test/openapi-fuzz.test.ts',
  'test/stream-kills.test.ts',
];

/** What wants a swarm of three engines: `npm run test:swarm`. */
const SWARM = ['src/runtime/swarm/swarm-runtime.test.ts', 'test/swarm.test.ts'];

export default defineConfig({
  resolve: {alias: [{find: /^teralab\/(.*)$/, replacement: `${services}$1.ts`}]},
  test: {
    // A bound against hanging, nothing else: no test may depend on how fast the machine is.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', new NameOmissions()],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}', 'services/**/*.test.ts', 'labs/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: SWARM,
          sequence: {groupOrder: 0},
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          exclude: [...HARD, ...SWARM],
          globalSetup: ['test/support/build.ts'],
          // Each boots a whole system through the built command: one at a time, and none beside the unit tests.
          fileParallelism: false,
          sequence: {groupOrder: 1},
          testTimeout: 420_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'hard',
          include: HARD,
          globalSetup: ['test/support/build.ts'],
          fileParallelism: false,
          sequence: {groupOrder: 2},
          testTimeout: 420_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'swarm',
          include: SWARM,
          globalSetup: ['test/support/build.ts'],
          fileParallelism: false,
          sequence: {groupOrder: 3},
          testTimeout: 420_000,
        },
      },
    ],
  },
});
