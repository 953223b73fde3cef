import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { alone } from '../vitest.config.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = ['state', 'models', 'operators', 'connectors', 'pipelines', 'evaluation', 'cli', 'bench', 'examples'];

/** A source file as the checks see it: its path from the root, and its text. */
interface File {
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string, ending: string): File[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') }));
}

const sources = [
  ...['event.ts', 'index.ts'].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  ...folders.flatMap((folder) => filesBelow(folder, '.ts')),
].filter(({ path }) => !path.startsWith('models/kernels/assembly/'));

const folderOf = (path: string): string => (path.includes('/') ? path.split('/')[0] : path.replace(/\.ts$/, ''));

/** Modules that a file imports: own ones as paths from the root without ending, packages by name. */
function importsOf({ path, text }: File): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) =>
    name.startsWith('.') ? normalize(join(dirname(path), name)).replace(/\.js$/, '') : name,
  );
}

/** Who may import whom; a folder may always import itself. */
const allowed: Record<string, readonly string[]> = {
  event: [],
  state: ['event'],
  models: ['state'],
  operators: ['event', 'models', 'state'],
  connectors: ['event'],
  pipelines: ['event', 'state', 'models', 'operators', 'connectors'],
  evaluation: ['event', 'state', 'models', 'operators', 'connectors', 'pipelines'],
  cli: ['event', 'state', 'models', 'operators', 'connectors', 'pipelines', 'evaluation'],
  index: ['event', 'state', 'models', 'operators', 'connectors', 'pipelines', 'evaluation'],
  bench: ['index'],
  examples: ['index'],
};

/** Packages that only the named files may import. */
const doors: Record<string, RegExp> = {
  'apache-arrow': /^(state\/arrow|connectors\/codecs\/arrow(-verify)?)\.ts$/,
  rxjs: /^(operators|pipelines|examples)\//,
  kafkajs: /^connectors\/kafka/,
  '@tensorflow/': /^models\/pretrain\/tfjs\.ts$/,
  uplot: /^cli\/report\//,
  zod: /^pipelines\/((kafka-|alert-)?spec|kafka-fields)\.ts$/,
  nodemailer: /^connectors\/alerts\/email\.ts$/,
  'ipaddr.js': /^connectors\/alerts\/address\.ts$/,
  commander: /^cli\//,
};

/** Folders without a clock; a lock must ask how long its holder has been silent. */
const pure = /^(event\.ts|state\/(?!stores\/lock\.ts)|models\/|operators\/|connectors\/codecs\/)/;
const banned: readonly { readonly call: RegExp; readonly where: RegExp; readonly instead: string }[] = [
  { call: /\bDate\.now\(|\bnew Date\(\)/, where: pure, instead: 'the time of the event' },
  { call: /\bMath\.random\(/, where: /./, instead: 'a generator whose state is saved' },
  { call: /\bperformance\.now\(/, where: pure, instead: 'nothing: time belongs to benchmarks and the engine' },
  {
    call: /\bMath\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|tanh|sinh|cosh|atan2?|asin|acos|cbrt|hypot)\(/,
    where: /^(models|operators)\//,
    instead: 'the kernel of that name: the same bits on every machine',
  },
  { call: /\*\*/, where: /^(models|operators)\//, instead: 'a product, or kernels.pow' },
  {
    call: /\{\s*\.\.\.row\b/,
    where: /^operators\//,
    instead: 'extended (operators/stage.ts): rows of one hidden class',
  },
  { call: /\bconsole\./, where: /^(?!cli\/|bench\/|examples\/)/, instead: 'an error, or a callback' },
  { call: /\beval\(|new Function\(|node:vm/, where: /./, instead: 'data' },
  { call: /\b(TODO|FIXME|XXX)\b/, where: /./, instead: 'doing it' },
];

/** The code of a file without comments and strings, so that words in them are not taken for calls. */
const code = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");

function folderFaults(file: File): string[] {
  const mine = folderOf(file.path);
  return importsOf(file)
    .filter((name) => !name.startsWith('node:') && existsAsSource(name))
    .map((name) => folderOf(`${name}.ts`))
    .filter((other) => other !== mine && !(allowed[mine] ?? []).includes(other))
    .map((other) => `${file.path} imports ${other}/, which ${mine}/ may not`);
}

const existsAsSource = (name: string): boolean => existsSync(join(root, `${name}.ts`));

function doorFaults(file: File): string[] {
  return importsOf(file).flatMap((name) =>
    Object.entries(doors)
      .filter(
        ([packageName, where]) => (name === packageName || name.startsWith(packageName)) && !where.test(file.path),
      )
      .map(([packageName]) => `${file.path} imports ${packageName}, whose door is ${doors[packageName]}`),
  );
}

function callFaults(file: File): string[] {
  const text = code(file.text);
  return banned
    .filter(({ call, where }) => where.test(file.path) && call.test(text))
    .map(({ call, instead }) => `${file.path} uses ${call.source}: use ${instead}`);
}

/** Files above the line budget, each with its reason. */
const long: Record<string, string> = {
  'event.ts': 'the types that all folders speak in, which have one home',
  'operators/stage.ts': 'the loop that every step runs in and the orders it keeps, which must be read as a whole',
  'pipelines/kafka-task.ts': 'the exactly-once protocol of one partition, which must be read as a whole',
};
const budget = 300;

function sizeFaults({ path, text }: File): string[] {
  const lines = text.split('\n').length;
  return lines > budget && !(path in long)
    ? [`${path} has ${lines} lines: split it, or give the reason in tidy.test.ts`]
    : [];
}

/** Files nobody imports, apart from the doors of the program. */
function deadFaults(files: readonly File[]): string[] {
  const used = new Set(files.flatMap(importsOf));
  const entrance = /^(index\.ts|pipelines\/kafka\.ts|cli\/bin\.ts|bench\/|examples\/)/;
  return files
    .filter(({ path }) => !entrance.test(path) && !path.endsWith('.d.ts') && !used.has(path.replace(/\.ts$/, '')))
    .map(({ path }) => `${path} is imported by nobody`);
}

/** Sources without a test of the same name; types and lists have nothing to test. */
function untested(files: readonly File[]): string[] {
  const tests = new Set(filesBelow('test', '.test.ts').map(({ path }) => path));
  return files
    .filter(({ path }) => /^(state|models|operators|connectors|pipelines)\//.test(path) && !path.endsWith('.d.ts'))
    .filter(({ text }) => /\bfunction\b|=>|\bclass\b/.test(code(text)))
    .map(({ path }) => `test/${path.replace(/\.ts$/, '.test.ts')}`)
    .filter((path) => !tests.has(path));
}

/** What all files that take turns in a process share, and none of them may change. */
const changesProcess =
  /\bprocess\.env(\.\w+|\[[^\]]*\])\s*=[^=]|\bdelete process\.env|\bprocess\.(chdir|umask)\(|\bvi\.(mock|doMock|spyOn|stub\w+|useFakeTimers|setConfig|setSystemTime)\(|\bglobalThis\.\w+\s*=[^=]|\bcompressionRegistry\.set\(|\bwasm\.init\(/;

/** Tests that change their process, or talk to a broker, and have none of their own: see vitest.config.ts. */
function crowdedFaults({ path, text }: File): string[] {
  // A helper counts as the test of its name.
  const asTest = path.replace(/(\.test)?\.ts$/, '.test.ts');
  if (alone.some((pattern) => matchesGlob(asTest, pattern))) return [];
  const bare = code(text);
  const broker = importsOf({ path, text }).some((name) => name === 'test/kafka/with-broker');
  return changesProcess.test(bare) || broker
    ? [`${path} changes what a process shares, or talks to a broker: add it to alone in vitest.config.ts`]
    : [];
}

describe('the house is tidy', () => {
  test('folders import only what they may', () => expect(sources.flatMap(folderFaults)).toEqual([]));
  test('packages are imported through their doors', () => expect(sources.flatMap(doorFaults)).toEqual([]));
  test('nothing calls what is banned', () => expect(sources.flatMap(callFaults)).toEqual([]));
  test('files keep to the line budget', () => expect(sources.flatMap(sizeFaults)).toEqual([]));
  test('no file is dead', () => expect(deadFaults(sources)).toEqual([]));
  test('every source has the test of its name', () => expect(untested(sources)).toEqual([]));
  test('tests that change their process have one of their own', () =>
    expect(filesBelow('test', '.ts').flatMap(crowdedFaults)).toEqual([]));
  test('every document has one title', () => {
    const documents = [
      ...filesBelow('docs', '.md'),
      { path: 'README.md', text: readFileSync(join(root, 'README.md'), 'utf8') },
    ];
    const titles = documents.map(({ path, text }) => [
      path,
      text.replaceAll(/^```[\s\S]*?^```/gm, '').match(/^# /gm)?.length,
    ]);
    expect(titles.filter(([, count]) => count !== 1)).toEqual([]);
  });
  test('every memory is in the catalog', () => {
    const catalog = readFileSync(join(root, 'models/catalog.ts'), 'utf8');
    const memories = sources.filter(
      ({ path, text }) => /^models\/[^/]+\.ts$/.test(path) && /satisfies Model<|return univariate\(/.test(text),
    );
    expect(memories.length).toBeGreaterThan(0);
    expect(
      memories.filter(({ path }) => !catalog.includes(`./${relative('models', path).replace(/\.ts$/, '.js')}`)),
    ).toEqual([]);
  });
});

describe('every check bites', () => {
  const file = (path: string, text: string): File => ({ path, text });
  test.each([
    [
      'a folder that imports upwards',
      folderFaults,
      file('models/x.ts', "import { Lane } from '../pipelines/lane.js';"),
    ],
    ['a package beside its door', doorFaults, file('operators/x.ts', "import { Table } from 'apache-arrow';")],
    ['a clock in a pure folder', callFaults, file('models/x.ts', 'const now = Date.now();')],
    ['chance', callFaults, file('cli/x.ts', 'const x = Math.random();')],
    ["the engine's own exp", callFaults, file('operators/x.ts', 'const x = Math.exp(1);')],
    ['a row that begins with a spread', callFaults, file('operators/x.ts', 'out.emit({ ...row, scale });')],
    ['a power', callFaults, file('models/x.ts', 'const x = y ** 2;')],
    [
      'a test that sets a variable of the environment',
      crowdedFaults,
      file('test/cli/x.test.ts', "process.env.HOME = '/';"),
    ],
    ['a test with a mock', crowdedFaults, file('test/models/x.test.ts', "vi.spyOn(console, 'log');")],
    [
      'a test with a broker among others',
      crowdedFaults,
      file('test/cli/x.test.ts', "import { withBroker } from '../kafka/with-broker.js';"),
    ],
    ['a long file', sizeFaults, file('models/x.ts', '\n'.repeat(budget + 1))],
  ])('%s', (_, check, bad) => expect((check as (file: File) => string[])(bad)).toHaveLength(1));

  test('a dead file', () => expect(deadFaults([file('models/x.ts', '')])).toHaveLength(1));
  test('a source without a test', () =>
    expect(untested([file('state/x.ts', 'function f() {}')])).toEqual(['test/state/x.test.ts']));
  test('a banned word in a comment or a text is no call', () =>
    expect(callFaults(file('models/x.ts', "// Math.random()\nconst a = 'Date.now()';"))).toEqual([]));
});
