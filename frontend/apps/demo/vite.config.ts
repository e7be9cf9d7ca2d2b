import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Embedded in the binary; `weir demo` serves it at /demo/.
export default defineConfig({
  logLevel: 'warn',
  base: '/demo/',
  plugins: [react()],
  build: { outDir: '../../dist/demo', emptyOutDir: true },
});
