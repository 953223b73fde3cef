// Compiles the kernels (AssemblyScript to WebAssembly) and the program (TypeScript to dist/). Skips what is up to date.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', name);
const kernelFolder = 'models/kernels/assembly';
const kernelFile = join(root, 'models/kernels/kernels.wasm');
const kernelInDist = join(root, 'dist/models/kernels/kernels.wasm');

/** All source files below a folder of the project, sorted. */
function sources(folder, ending = '.ts') {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Runs `make` unless the stamp says that it was done for these files and the product is there. */
function unlessDone(stamp, what, files, product, make) {
  const path = join(root, 'dist', stamp);
  const now = digest(files);
  if (existsSync(product) && existsSync(path) && readFileSync(path, 'utf8') === now) return;
  if (!process.argv.includes('--quiet')) console.error(`engram: building ${what}`);
  make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, now);
}

const run = (script, args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

unlessDone('.kernels', 'the kernels', [...sources(kernelFolder), 'scripts/build.mjs'], kernelFile, () =>
  run(bin('assemblyscript/bin/asc.js'), [
    join(kernelFolder, 'index.ts'),
    ...['-O3', '--converge', '--noAssert', '--runtime', 'stub'],
    ...['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ...['-o', kernelFile],
  ]),
);

const program = [
  'event.ts',
  'index.ts',
  ...['state', 'models', 'operators', 'connectors', 'pipelines', 'evaluation', 'cli', 'bench', 'examples'].flatMap(
    (folder) => sources(folder),
  ),
];
unlessDone(
  '.program',
  'the program',
  [...program, 'tsconfig.json', 'tsconfig.build.json', 'package.json'],
  join(root, 'dist/index.js'),
  () => run(bin('typescript/bin/tsc'), ['-p', 'tsconfig.build.json']),
);
mkdirSync(dirname(kernelInDist), { recursive: true });
copyFileSync(kernelFile, kernelInDist);
// The page of a report is plain browser code, taken as it is.
cpSync(join(root, 'cli/report/browser'), join(root, 'dist/cli/report/browser'), { recursive: true });
