/**
 * Installs what `npm run bench:kernels` measures beside Engram, in the folder ENGRAM_PEERS (else .cache/peers), never in the
 * project: onnxruntime-node (npm) and PyTorch (PyPI, in a virtual environment). Some 5 GB; TensorFlow.js is among the packages.
 *
 *   node scripts/peers.mjs
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(process.env.ENGRAM_PEERS ?? join(root, '.cache/peers'));
const run = (command, args) => execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });

mkdirSync(folder, { recursive: true });
if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
// Its install script loads more from elsewhere; the library for processors is in the package.
run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', 'onnxruntime-node@1.30.0']);
if (!existsSync(join(folder, 'venv/bin/python'))) run('python3', ['-m', 'venv', 'venv']);
run(join(folder, 'venv/bin/pip'), ['install', '--quiet', 'torch==2.13.0', 'numpy']);
console.log(`onnxruntime-node and PyTorch are in ${folder}`);
