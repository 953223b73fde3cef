import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Nothing asserts how fast it is: a limit is only there to end what hangs, on a busy machine too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
