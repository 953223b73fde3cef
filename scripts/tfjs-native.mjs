/**
 * Builds TensorFlow.js with its native library, which `engram pretrain --backend native` takes up: outside the tree, in the folder
 * ENGRAM_PEERS (else .cache/peers), from the package registries alone. The package's own install script wants a download host;
 * the library is in the PyPI wheel tensorflow-cpu as well. Needs npm, python3 with pip, g++, make and Node's headers; linux-x64.
 *
 *   node scripts/tfjs-native.mjs            some 300 MB to load, 800 MB on disk, a minute
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(process.env.ENGRAM_PEERS ?? join(root, '.cache/peers'));
const home = join(folder, 'node_modules/@tensorflow/tfjs-node');
const wheel = { name: 'tensorflow-cpu', version: '2.21.0' };
const addon = '4.22.0';

const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], ...options });

/** The version of the native library, or nothing where it does not load. */
function loaded() {
  // Taken out of Node 23, and still called by the package.
  util.isNullOrUndefined ??= (value) => value == null;
  try {
    return createRequire(join(folder, 'package.json'))('@tensorflow/tfjs-node').version['tfjs-node'];
  } catch {
    return undefined;
  }
}

function download() {
  const wheels = join(folder, 'wheels');
  const found = () =>
    existsSync(wheels) &&
    readdirSync(wheels).find((name) => /^tensorflow_cpu-.*\.whl$/.test(name) && name.includes(wheel.version));
  if (!found()) {
    const plain = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '-d', wheels];
    const what = `${wheel.name}==${wheel.version}`;
    // Where Python itself is too new or too old for the wheel, that of another Python holds the same library.
    const other = [
      '--python-version',
      '3.11',
      '--implementation',
      'cp',
      '--abi',
      'cp311',
      '--platform',
      'manylinux_2_27_x86_64',
    ];
    try {
      run('python3', [...plain, what], { stdio: ['ignore', 'ignore', 'ignore'] });
    } catch {
      run('python3', [...plain, ...other, what]);
    }
  }
  return join(wheels, found());
}

function unpack(from) {
  const deps = join(home, 'deps');
  const script = `
import sys, zipfile, pathlib
wheel, deps = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
for name in wheel.namelist():
    if name.startswith('tensorflow/include/') and not name.endswith('/'):
        to = deps / 'include' / name[len('tensorflow/include/'):]
    elif name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
        to = deps / 'lib' / name.split('/')[-1]
    else:
        continue
    to.parent.mkdir(parents=True, exist_ok=True)
    with wheel.open(name) as source, open(to, 'wb') as sink:
        while block := source.read(1 << 20):
            sink.write(block)
`;
  run('python3', ['-c', script, from, deps]);
  for (const [to, name] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_cc.so.2', 'libtensorflow.so.2.9.1'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  ]) {
    rmSync(join(deps, 'lib', name), { force: true });
    symlinkSync(to, join(deps, 'lib', name));
  }
}

let version = loaded();
if (!version) {
  console.error(`engram: building the native library of TensorFlow.js in ${folder}`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    `@tensorflow/tfjs-node@${addon}`,
  ]);
  unpack(download());
  const path = `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`;
  const nodedir = resolve(process.execPath, '../..');
  const env = { ...process.env, PATH: path, npm_config_nodedir: nodedir };
  run(process.execPath, ['scripts/install.js'], { cwd: home, env });
  version = loaded();
}
if (!version) {
  console.error('engram: the native library of TensorFlow.js was built and does not load');
  process.exit(1);
}
console.log(`TensorFlow.js ${version} with its native library, in ${folder}`);
