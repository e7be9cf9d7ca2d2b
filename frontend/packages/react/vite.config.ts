import { defineConfig } from 'vitest/config';

export default defineConfig({
  logLevel: 'warn',
  build: {
    target: 'es2022',
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index' },
    // Vite leaves libraries unminified; what is measured is what visitors download.
    // Frameworks that draw on the server draw these there too, and take them over in the browser.
    rolldownOptions: {
      external: ['react', 'react/jsx-runtime'],
      output: { minify: true, banner: "'use client';" },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: 'test/setup.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
