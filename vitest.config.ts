import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';

const services = fileURLToPath(new URL('./services/', import.meta.url));

export default defineConfig({
  resolve: {alias: [{find: /^teralab\/(.*)$/, replacement: `${services}$1.ts`}]},
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'services/**/*.test.ts', 'labs/**/*.test.ts', 'test/**/*.test.ts'],
    // A bound against hanging, nothing else: no test may depend on how fast the machine is.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
