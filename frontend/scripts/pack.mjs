// Packs every page that was built: a file's gzip beside the file, the same bytes at every build. The server embeds these.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUILT = 'dist';

for (const app of readdirSync(BUILT, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const folder = `${BUILT}/${app.name}`;
  if (!existsSync(`apps/${app.name}`)) {
    // What an app that is gone left behind would be embedded for ever.
    rmSync(folder, { recursive: true });
    continue;
  }
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = `${file.parentPath}/${file.name}`;
    if (!file.isFile() || path.endsWith('.gz')) continue;
    const packed = gzipSync(readFileSync(path), { level: 9 });
    if (existsSync(`${path}.gz`) && readFileSync(`${path}.gz`).equals(packed)) continue;
    writeFileSync(`${path}.gz`, packed);
  }
}
