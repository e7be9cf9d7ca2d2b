// Prints what a visitor downloads, and fails when it is more than it may be (gzip, without React where it is the page's).
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KIB = 1024;
const LIMITS = [
  { name: '@weir/react', folder: 'packages/react/dist', ending: '.js', limit: 12 * KIB },
  { name: '@weir/react style.css', folder: 'packages/react/src', ending: '.css', limit: 2 * KIB },
  { name: 'host page script', folder: 'apps/host/dist/assets', ending: '.js', limit: 100 * KIB },
  { name: 'demo page script', folder: 'dist/demo/assets', ending: '.js', limit: 140 * KIB },
  // The reader of QR codes comes when a picture is scanned.
  { name: 'phone page script', folder: 'dist/phone/assets', ending: '.js', limit: 90 * KIB, except: 'jsQR-' },
  {
    name: 'phone page QR reader',
    folder: 'dist/phone/assets',
    ending: '.js',
    limit: 50 * KIB,
    only: 'jsQR-',
  },
  { name: 'phone page style', folder: 'dist/phone/assets', ending: '.css', limit: 4 * KIB },
  { name: 'H5 page style', folder: 'dist/h5', ending: '.css', limit: 4 * KIB },
  { name: 'H5 page', folder: '../crates/http/src/families/h5', ending: '.html', limit: 2 * KIB },
  { name: 'H5 page script', folder: '../crates/http/src/families/h5', ending: '.js', limit: 6 * KIB },
];

const kib = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`;

for (const { name, folder, ending, limit, except, only = '' } of LIMITS) {
  const files = readdirSync(folder).filter(
    (file) => file.endsWith(ending) && file.startsWith(only) && !(except && file.startsWith(except)),
  );
  const size = files.reduce(
    (sum, file) => sum + gzipSync(readFileSync(`${folder}/${file}`), { level: 9 }).length,
    0,
  );
  const isOver = size > limit || files.length === 0;
  process.stdout.write(`${isOver ? 'TOO LARGE' : 'size'} ${name}: ${kib(size)} gzip of ${kib(limit)}\n`);
  if (isOver) process.exitCode = 1;
}
