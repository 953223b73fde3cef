// Makes a fresh clone ready: installs the locked packages once, then builds. Works offline when nothing has changed.
import { execFileSync, execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`engram needs Node 20.19 or newer, this is ${process.versions.node}`);
  process.exit(1);
}

const stamp = join(root, 'node_modules/.engram-setup');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('engram: installing packages (once)');
  try {
    execSync('npm ci --ignore-scripts --no-audit --no-fund --loglevel=error', {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    console.error(
      'engram: the packages could not be installed: is there a way to the npm registry? Then run this again.',
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
const quiet = process.argv.includes('--quiet') ? ['--quiet'] : [];
execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), ...quiet], { stdio: 'inherit' });
