import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';
import {NameOmissions} from './test/support/omissions.ts';

const services = fileURLToPath(new URL('./services/', import.meta.url));

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
          sequence: {groupOrder: 0},
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          // Each boots a whole system through the built command: one at a time, and none beside the unit tests.
          fileParallelism: false,
          sequence: {groupOrder: 1},
          testTimeout: 180_000,
        },
      },
    ],
  },
});
