import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../cli/program.js';
import { dailyCsv, engram, folder } from './command.js';

let log: string;
let here: string;
beforeAll(() => {
  here = folder();
  log = join(here, 'log.csv');
  writeFileSync(log, dailyCsv(40));
  mkdirSync(join(here, 'state'));
});

/** The call with the names of the test's files put in, and the message with them taken out. */
async function wrong(args: string): Promise<string> {
  const called = await engram(args.split(' ').map((arg) => arg.replace('LOG', log).replace('HERE', here)));
  expect(called.out).toBe('');
  return `${called.code} ${called.err.replaceAll(log, 'LOG').replaceAll(here, 'HERE').trimEnd()}`;
}

describe('a mistake in each option gets one line that says what to do', () => {
  test.each([
    [
      'replay LOG --pipeline light2',
      '2 engram: pipeline: expected one of sensor-anomaly, traffic-forecast, light, word-sequence, or a file that ends with .json, .js, .mjs or .ts, got "light2" (did you mean "light"?)',
    ],
    [
      'replay LOG --time timestmap',
      '2 engram: LOG: time: there is no column "timestmap" (did you mean "timestamp"?). The columns are: timestamp, value',
    ],
    [
      'replay LOG --values valeu',
      '2 engram: LOG: values: there is no column "valeu" (did you mean "value"?). The columns are: timestamp, value',
    ],
    ['replay LOG --values a,,b', '2 engram: --values: expected column names such as flow,speed, got "a,,b"'],
    ['replay LOG --values a,a', '2 engram: --values: expected every column once, got "a" twice'],
    ['replay LOG --key k', '2 engram: LOG: key: there is no column "k". The columns are: timestamp, value'],
    [
      'replay LOG --horizons 1,x',
      '2 engram: --horizons: expected rows ahead such as 1,5,48 (whole numbers of at least 1), got "1,x"',
    ],
    [
      'replay LOG --horizons 5,5',
      '2 engram: --horizons: expected rows ahead such as 1,5,48 (whole numbers of at least 1), got "5,5", which names one twice',
    ],
    [
      'replay LOG --out HERE/x.arow',
      '2 engram: --out HERE/x.arow: expected a name that ends with .ndjson, .jsonl, .arrow or .parquet, kafka://host:port/topic, or - for standard output, got .arow (did you mean "arrow"?)',
    ],
    [
      'replay LOG --out anomaly:x.arrow',
      '2 engram: --out anomaly:x.arrow: expected a file, kafka://host:port/topic, or forecasts:, anomalies:, rejects: or shadow: before one, got "anomaly" (did you mean "anomalies"?)',
    ],
    [
      'replay LOG --out',
      '2 engram: --out: expected <place> after it, got nothing: engram replay --help tells what there is',
    ],
    [
      'replay LOG --out HERE/a.arrow --out anomalies:HERE/a.arrow',
      '2 engram: --out anomalies: expected a file of its own, got HERE/a.arrow, which is already used for --out forecasts: choose another name',
    ],
    ['replay LOG --state LOG', '2 engram: --state: expected a folder for checkpoints, got "LOG", which is a file'],
    ['replay LOG --report x.pdf', '2 engram: --report: expected a file name that ends with .html, got "x.pdf"'],
    [
      'replay LOG --speed fast',
      '2 engram: --speed: expected how many times as fast as it happened, such as 60x, got "fast"',
    ],
    [
      'replay LOG --speed 0x',
      '2 engram: --speed: expected how many times as fast as it happened, such as 60x, got "0x"',
    ],
    [
      'replay LOG --format cvs',
      '2 engram: --format: expected one of csv, ndjson, arrow, parquet, json, avro, protobuf, json-schema, cloudevents, got "cvs" (did you mean "csv"?)',
    ],
    [
      'replay LOG --time-format dym',
      '2 engram: --time-format: expected one of auto, iso, epoch-s, epoch-ms, dmy, mdy, got "dym" (did you mean "dmy"?)',
    ],
    [
      'replay LOG --zone Berlin',
      '2 engram: zone (--zone): expected an offset such as +02:00 or Z, got "Berlin": zones whose offset changes in the year are not followed',
    ],
    [
      'replay LOG --checkpoint-rows none',
      '2 engram: --checkpoint-rows: expected a whole number of at least 1, got "none"',
    ],
    [
      'replay LOG --step soon',
      '2 engram: --step: expected the time from row to row (ms, s, min, h or d), such as 30min, 5s or 100ms, got "soon"',
    ],
    [
      'replay LOG --horizon 1',
      '2 engram: there is no option --horizon (did you mean "--horizons"?): engram replay --help tells what there is',
    ],
    [
      'replay',
      '2 engram: replay: expected an input (a file, or - for standard input), got nothing: engram replay --help tells what there is',
    ],
    ['replay LOG LOG', '2 engram: replay: expected 1 argument, got 2: engram replay --help tells what there is'],
    ['replay HERE/lgo.csv', '2 engram: HERE/lgo.csv: expected a file, there is none (did you mean "log.csv"?)'],
    ['reply LOG', '2 engram: there is no command reply (did you mean "replay"?): engram --help tells what there is'],
    [
      'pipelines ligth',
      '2 engram: pipelines: expected one of sensor-anomaly, traffic-forecast, light, word-sequence, got "ligth" (did you mean "light"?)',
    ],
    [
      'evaluate nyc-taxi',
      '2 engram: --data: expected the folder "nyc_taxi" (NYC taxi demand, 30-minute counts, numenta/htmresearch) or the one that holds it, got none: give it with --data; only synthetic and sequences need no data',
    ],
  ])('engram %s', async (args, message) => expect(await wrong(args)).toBe(message));

  test('a memory that is not there names the nearest', async () =>
    expect(await wrong('replay LOG --memory lastvalue')).toMatch(
      /^2 engram: --memory: expected one of .*last-value.*, got "lastvalue" \(did you mean "last-value"\?\)$/,
    ));
  test('a benchmark that is not there names the nearest', async () =>
    expect(await wrong('evaluate nyc-txi --data HERE')).toMatch(
      /^2 engram: benchmark: expected one of .*, got "nyc-txi" \(did you mean "nyc-taxi"\?\)$/,
    ));
  test('the input is never overwritten', async () => {
    const copy = join(here, 'again.ndjson');
    writeFileSync(copy, '{"timestamp":"2024-01-01","value":1}\n');
    expect(await wrong(`replay ${copy} --out ${copy}`)).toBe(
      '2 engram: --out forecasts: expected a file of its own, got HERE/again.ndjson, which is the input: choose another name',
    );
  });
  test('the place in the program is shown with --verbose only', async () => {
    expect((await engram(['replay', log, '--time', 'x'])).err).not.toContain('    at ');
    expect((await engram(['replay', log, '--time', 'x', '--verbose'])).err).toContain('    at ');
  });
});

describe('help', () => {
  const io = { stdout: { write: () => true, columns: 100 }, stderr: { write: () => true } };
  const all = commands(io as never, () => {}).commands;

  test.each(all.map((command) => [command.name(), command] as const))(
    'of %s names every option and argument',
    async (name, command) => {
      const { code, out } = await engram([name, '--help']);
      expect(code).toBe(0);
      const flags = command.options.map(({ long }) => long as string);
      expect(
        [...flags, ...command.registeredArguments.map((argument) => argument.name())].filter(
          (flag) => !out.includes(flag),
        ),
      ).toEqual([]);
      expect(out).toContain('Examples:');
    },
  );
  test('of the program names every command', async () => {
    const { code, out } = await engram(['--help']);
    expect(code).toBe(0);
    expect(all.map((command) => command.name()).filter((name) => !out.includes(`\n  ${name}`))).toEqual([]);
  });
  test('no line of the examples is a wrong call', async () => {
    const { out } = await engram(['replay', '--help']);
    const known = all.find((command) => command.name() === 'replay')?.options.map(({ long }) => long);
    const used = [...out.matchAll(/^ {2}.*engram replay .*$/gm)].flatMap(([line]) => line.match(/--[a-z-]+/g) ?? []);
    expect(used.filter((flag) => !known?.includes(flag))).toEqual([]);
    expect(used.length).toBeGreaterThan(5);
  });
  test('is shown when nothing is asked for, as a failure', async () => {
    const { code, err } = await engram([]);
    expect(code).toBe(2);
    expect(err).toContain('Commands:');
  });
  test('the version is that of the package', async () =>
    expect((await engram(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/));
});
