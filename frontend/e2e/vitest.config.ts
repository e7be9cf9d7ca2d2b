import { defineConfig } from 'vitest/config';

// One server, one browser: the files run one after another.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], fileParallelism: false, testTimeout: 30_000, hookTimeout: 60_000 },
});
