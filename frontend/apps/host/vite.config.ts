import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page and Weir on one origin, as behind a site's own reverse proxy; nothing needs CORS.
const weir = process.env.WEIR_URL ?? 'http://127.0.0.1:8080';
const proxy = Object.fromEntries(['/api', '/auth', '/wechat'].map((path) => [path, weir]));

export default defineConfig(({ command }) => ({
  // Served, it says where.
  logLevel: command === 'build' ? 'warn' : 'info',
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
}));
