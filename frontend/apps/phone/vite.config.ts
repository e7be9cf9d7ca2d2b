import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Embedded in the binary; the simulator serves the page at / and its files below /_phone/.
const simulator = process.env.WEIR_SIMULATOR_URL ?? 'http://127.0.0.1:7070';

export default defineConfig({
  logLevel: 'warn',
  base: '/_phone/',
  plugins: [react()],
  build: { outDir: '../../dist/phone', emptyOutDir: true },
  server: {
    host: '127.0.0.1',
    proxy: { '/_sim': simulator, '/_phone/open': simulator, '/_phone/tab': simulator },
  },
  test: {
    environment: 'jsdom',
    setupFiles: 'test/setup.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
