import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../cli/io.js';
import { commands } from '../cli/program.js';
import { pipelineOf, shipped } from '../index.js';
import { parseKafkaRun } from '../pipelines/kafka-spec.js';
import { parseSpec } from '../pipelines/spec.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: text(path) }));
const readme = text('README.md');

/** The code blocks of a document in one language. */
const blocksOf = (document: string, language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code as string,
  );
const withoutCode = (document: string): string => document.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Rows of the tables of a document, cell by cell, heads and rules left out. */
const rowsOf = (document: string): string[][] =>
  [...withoutCode(document).matchAll(/^\|(.*)\|$/gm)]
    .map(([, line]) => (line as string).split('|').map((cell) => cell.trim()))
    .filter((cells) => !cells.every((cell) => /^:?-*:?$/.test(cell)));

/** What is wrong with links: files that are not there. */
const brokenLinks = ({ path, text }: { path: string; text: string }): string[] =>
  [...withoutCode(text).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
    .map((target) => `${path}: ${target}`);

const program = commands({ stdout: process.stdout, stderr: process.stderr } as unknown as Io, () => {});
/** What is wrong with a command line: a command or an option that does not exist, an npm script that is not there. */
function wrongCommand(line: string): string[] {
  const scripts = Object.keys((JSON.parse(text('package.json')) as { scripts: object }).scripts);
  if (/\bnpm i /.test(line)) return [];
  const [, script = 'start'] = /\bnpm (?:run (?:-s )?)?([\w:]+)/.exec(line) ?? [];
  if (!scripts.includes(script)) return [`${line}: package.json has no script ${script}`];
  if (script !== 'engram' || !line.includes('engram -- ')) return [];
  const [name, ...words] = line.replace(/^.*?engram -- /, '').split(/\s+/);
  const outer = program.commands.find((known) => known.name() === name);
  if (!outer) return [`${line}: there is no command ${name}`];
  const command = outer.commands.find((known) => known.name() === words[0]) ?? outer;
  const known = [...command.options.map(({ long }) => long), '--help'];
  return words.filter((word) => word.startsWith('--') && !known.includes(word)).map((word) => `${line}: ${word}`);
}

/** Command lines of a document: whole lines of shell blocks, and code spans that begin with npm. */
const commandsOf = (document: string): string[] => [
  ...blocksOf(document, 'sh').flatMap((block) => block.split('\n').filter((line) => line.includes('npm '))),
  ...[...withoutCode(document).matchAll(/`(npm [^`]*)`/g)].map(([, line]) => line as string),
];

const figure = /^\**[\d.,]+(?: ?(?:%|[a-zµ]+(?:\/\w+)?))?\**$/i;
/** Sections with a table of figures but without a command that makes them. */
const unsourced = (document: string): string[] =>
  document
    .split(/^(?=##+ )/m)
    .filter((section) => rowsOf(section).some((cells) => cells.slice(1).some((cell) => figure.test(cell))))
    .filter((section) => !/`npm /.test(section))
    .map((section) => section.split('\n')[0] as string);

interface Results {
  readonly results: readonly { readonly memory: string; readonly metrics: Readonly<Record<string, number>> }[];
}
const recorded = (name: string): unknown => JSON.parse(text(`bench/results/${name}.json`)) as unknown;
/** Whether a cell says the same as a number, to as many digits as it has. */
const says = (cell: string, value: number | undefined): boolean => {
  if (value === undefined) return cell === '–';
  const shown = cell.replaceAll(/[*,%]/g, '').trim();
  const digits = /\.(\d+)/.exec(shown)?.[1]?.length ?? 0;
  return (cell.includes('%') ? 100 * value : value).toFixed(digits) === shown;
};

describe('documents', () => {
  test('each has one title', () => {
    const titles = documents.map(({ path, text }) => [path, withoutCode(text).match(/^# /gm)?.length]);
    expect(titles.filter(([, count]) => count !== 1)).toEqual([]);
  });
  test('links lead to files', () => expect(documents.flatMap(brokenLinks)).toEqual([]));
  test('commands and their options exist', () => {
    const lines = documents.flatMap(({ text }) => commandsOf(text));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.flatMap(wrongCommand)).toEqual([]);
  });
  test('tables of figures name their command', () =>
    expect(documents.flatMap(({ path, text }) => unsourced(text).map((section) => `${path}: ${section}`))).toEqual([]));
  test('the policies for bad input are those of the code', () => {
    const policies = (document: string): string[] =>
      rowsOf(document.replaceAll(/^ \* /gm, ''))
        .map((cells) => cells.join(' | '))
        .filter((row) => /reject `|the row is kept|^a header only|^an empty input|^blank lines/.test(row));
    const ours = policies(text('docs/OPERATIONS.md'));
    expect(policies(text('connectors/rejects.ts')).filter((row) => !ours.includes(row))).toEqual([]);
  });
  test('every memory and every kind of error has its place', () => {
    const models = text('docs/MODELS.md');
    const memories = [...text('models/catalog.ts').matchAll(/^ {2}'?([\w-]+)'?(?::|,)/gm)].map(([, name]) => name);
    expect(memories.filter((name) => !new RegExp(`^## \`${name}\``, 'm').test(models))).toEqual([]);
    const operations = text('docs/OPERATIONS.md');
    const errors = [
      'StateMismatch',
      'DamagedCheckpoint',
      'StoreFailure',
      'UsageError',
      'SpecError',
      'CutInput',
      'FolderHeld',
      'LostState',
      'DigestMismatch',
      'PipelineFault',
      'TooManyRejects',
    ];
    expect(errors.filter((name) => !operations.includes(`| \`${name}\` |`))).toEqual([]);
  });
  test('every check bites', () => {
    expect(brokenLinks({ path: 'README.md', text: '[x](docs/NOWHERE.md)' })).toHaveLength(1);
    expect(wrongCommand('npm run -s engram -- replay a.csv --statr x')).toHaveLength(1);
    expect(wrongCommand('npm run -s engram -- reply a.csv')).toHaveLength(1);
    expect(wrongCommand('npm run bensh')).toHaveLength(1);
    expect(unsourced('## Speed\n\n| a | b |\n|---|---|\n| x | 5 µs |\n')).toHaveLength(1);
    expect(says('0.0476', 0.0478)).toBe(false);
  });
});

test('tables of ACCURACY are those of bench/results', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'docs/accuracy.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
});

test('tables of MODELS are made from bench/results by docs/figures.mjs', async () => {
  const { withTables } = await import('../docs/tables.mjs');
  const models = text('docs/MODELS.md');
  expect(models).toContain('<!-- figures: kernels -->\n| kernel |');
  expect(withTables(models)).toBe(models);
});

describe('figures of the README are those of bench/results', () => {
  test('accuracy and coverage', () => {
    const floors = ['default', 'last-value', 'seasonal-naive', 'rls'];
    const wrong: string[] = [];
    let checked = 0;
    for (const [first = '', ...cells] of rowsOf(readme)) {
      const [, benchmark, rest = ''] = /^`([\w-]+)` ?(\w*)$/.exec(first) ?? [];
      if (!benchmark || !existsSync(join(root, `bench/results/${benchmark}.json`))) continue;
      const { results } = recorded(benchmark) as Results;
      const metric = (memory: string, name: string): number | undefined =>
        results.find((result) => result.memory === memory)?.metrics[name];
      const prefix = rest === '' ? '' : `${rest}_`;
      const bands = cells[0]?.includes('%') ? ['80', '90', '98'] : [];
      const expected = [
        ...bands.map((band) => metric('default', `${prefix}coverage_${band}`)),
        ...floors.map((memory) => metric(memory, bands.length > 0 ? `${prefix}crps` : rest)),
      ];
      expected.forEach((value, i) => {
        checked++;
        if (!says(cells[i] as string, value)) wrong.push(`${first}: ${cells[i]} where ${value} was recorded`);
      });
    }
    expect(checked).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });

  test('HTM alone on NAB, there and in MODELS', () => {
    const { results } = recorded('nab-htm') as Results;
    const of = (suffix: string, row = 'htm-alone'): string[] => {
      const { metrics } = results.find(({ memory }) => memory === row)!;
      return ['standard', 'reward_low_fp', 'reward_low_fn'].map((name) =>
        (metrics[`${name}${suffix}`] as number).toFixed(2),
      );
    };
    const [forecasts, leftOut] = ['', '_loo'].map((suffix) => of(suffix, 'htm').join(' / '));
    expect(readme).toContain(`judged by the same detector ${forecasts} (left one out ${leftOut});`);
    expect(readme).toContain(`row \`htm-alone\`): ${of('').join(' / ')}`);
    const rows = rowsOf(text('docs/MODELS.md'));
    const row = (first: string) => rows.find(([cell]) => cell === first)?.slice(1);
    expect(row('`htm-alone`')).toEqual([...of(''), of('_loo').join(' / ')]);
    expect(row('its alarms as they are')?.slice(0, 3)).toEqual(of('_alarm'));
    const judged = 'forecasts of `htm`, judged by `detect` with all evidence (row `htm`)';
    expect(row(judged)).toEqual([...of('', 'htm'), leftOut]);
    expect(text('docs/MODELS.md')).toContain(
      `the last value in the place of HTM has ${of('', 'last-value').join(' / ')}`,
    );
  });

  test('speed', () => {
    const entries = Object.entries(recorded('speed') as Record<string, number>);
    const rows = new Map(rowsOf(readme).map(([what = '', cell = '']) => [what, cell]));
    const known = entries.flatMap(([name, value]) => {
      const [, what, unit] = /^(.*) \[(.*)\]$/.exec(name) ?? [];
      const cell = what === undefined ? undefined : rows.get(what);
      return cell === undefined ? [] : [{ what, fits: cell.endsWith(` ${unit}`) && says(cell.split(' ')[0]!, value) }];
    });
    expect(known.length).toBeGreaterThan(10);
    expect(known.filter(({ fits }) => !fits)).toEqual([]);
  });

  test('Kafka', async () => {
    const { kafkaRows } = (await import(new URL('../docs/kafka-figures.mjs', import.meta.url).href)) as {
      kafkaRows(): Map<string, string>;
    };
    const rows = new Map(rowsOf(readme).map(([what = '', cell = '']) => [what, cell]));
    expect([...kafkaRows()].filter(([what, figure]) => rows.get(what) !== figure)).toEqual([]);
  });

  test('kills survived', () => {
    const { kills, runs, differing } = recorded('chaos-replay') as { kills: number; runs: number; differing: string[] };
    expect(readme).toContain(`${kills} kills in ${runs} runs | ${differing.length} outputs differ`);
  });

  const chaosRuns = ['chaos-kafka', 'chaos-kafka-cluster', 'chaos-kafka-held', 'chaos-kafka-topic'].filter((name) =>
    existsSync(join(root, `bench/results/${name}.json`)),
  );
  test.each(chaosRuns)('the chaos on Kafka: %s', (name) => {
    interface Chaos {
      readonly kafka: string;
      readonly plan: { readonly events: number; readonly partitions: number; readonly workers: number };
      readonly faults: Readonly<Record<'kills' | 'zombies' | 'rebalances' | 'brokerRestarts', number>>;
      /** Runs of before they were counted have none. */
      readonly happened?: Readonly<
        Record<'killsOfLive' | 'zombiesOusted' | 'zombiesFenced' | 'rebalancesSeen' | 'brokerRestarts', number>
      >;
      readonly digests: { readonly chaos: string; readonly calm: string };
      readonly problems: readonly unknown[];
    }
    const { kafka, plan, faults, happened, digests, problems } = recorded(name) as Chaos;
    expect([digests.chaos, problems]).toEqual([digests.calm, []]);
    const told = happened
      ? `${happened.killsOfLive} SIGKILLs of a process at work, ${happened.zombiesOusted} zombies, ${happened.zombiesFenced} of them fenced, ` +
        `${happened.rebalancesSeen} rebalances, ${happened.brokerRestarts} restarts of a broker`
      : `${faults.kills} SIGKILLs, ${faults.zombies} zombies, ${faults.rebalances} rebalances, ${faults.brokerRestarts} restarts of the broker`;
    expect(readme).toContain(
      `Kafka ${kafka}, ${plan.events.toLocaleString('en')} events, ${plan.partitions} partitions, ${plan.workers} processes: ${told}`,
    );
  });
});

describe('programs of the README', () => {
  const programs = blocksOf(readme, 'ts');
  // Inside the project, where `engram` means the project itself.
  const folder = join(root, '.cache', `docs-${process.pid}`);
  const worlds: string[] = [];
  let faults = '';
  const lines = readFileSync(join(root, 'data/nyc_taxi.csv'), 'utf8').split('\n');

  beforeAll(() => {
    execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
    mkdirSync(folder, { recursive: true });
    programs.forEach((code, i) => {
      writeFileSync(join(folder, `${i}.ts`), code);
    });
    const compilerOptions = { rootDir: '.', outDir: '.', incremental: false, declaration: false, sourceMap: false };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    faults = stdout + stderr;
  });
  afterAll(() => {
    for (const path of [folder, ...worlds]) rmSync(path, { recursive: true, force: true });
  });

  /** A folder to run in, with the first rows of the log. */
  function world() {
    const place = mkdtempSync(join(tmpdir(), 'engram-docs-'));
    worlds.push(place);
    mkdirSync(join(place, 'data'));
    const call = (args: readonly string[]): string => {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    return {
      grow: (rows: number) =>
        writeFileSync(join(place, 'data/nyc_taxi.csv'), `${lines.slice(0, rows + 1).join('\n')}\n`),
      run: (program: number) => call([join(folder, `${program}.js`)]),
      call,
      read: (path: string) => readFileSync(join(place, path), 'utf8'),
    };
  }

  test('what npm start prints stands there as it is printed', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const command = scripts.start.split('&&').at(-1)?.trim().split(' ').slice(2) ?? [];
    const place = world();
    place.grow(lines.length);
    const printed = place.call([join(root, 'dist/cli/bin.js'), ...command]);
    const [told = ''] = blocksOf(readme, 'text');
    for (const part of told.trim().split('\n\n')) expect(printed).toContain(part);
    expect(told).toContain('anomalies:');
  });

  test('compile as they stand', () => expect(faults).toBe(''));

  test('the one with a store goes on after a restart, and writes the same bytes', () => {
    const program = programs.findIndex((code) => code.includes('FileStore'));
    const rows = lines.filter((line) => line !== '').length - 1;
    const calm = world();
    calm.grow(rows);
    expect(calm.run(program)).toContain(`${rows} rows`);

    const disturbed = world();
    disturbed.grow(7000);
    expect(disturbed.run(program)).toContain('7000 rows');
    disturbed.grow(rows);
    expect(disturbed.run(program)).toContain(`${rows - 7000} rows`);
    expect(disturbed.run(program)).toContain('0 rows, 0 anomalies');
    const path = 'out/readme/anomalies.ndjson';
    expect(disturbed.read(path)).toBe(calm.read(path));
    expect(calm.read(path).split('\n').length).toBeGreaterThan(2);
  });

  test('the one in plain RxJS finds the burst', () => {
    const program = programs.findIndex((code) => code.includes('onEvents'));
    expect(world().run(program)).toMatch(/^1500 /m);
  });

  test('the one in JSON is a pipeline', () => {
    const [spec = ''] = blocksOf(readme, 'json');
    expect(pipelineOf(parseSpec(JSON.parse(spec))).stages.length).toBe(8);
  });

  test('the one of Kafka is a run', async () => {
    const [file = ''] = blocksOf(readme, 'jsonc');
    expect(await parseKafkaRun(JSON.parse(file))).toMatchObject({ input: 'traffic' });
  });

  test('shipped pipelines are named', () => {
    expect(Object.keys(shipped).filter((name) => !documents.some(({ text }) => text.includes(name)))).toEqual([]);
  });
});
