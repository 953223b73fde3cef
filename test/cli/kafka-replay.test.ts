import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { sleep } from '../kafka/broker.js';
import { drained, produce, readAll, type Written, watchful } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';
import { engram, folder } from './command.js';

const start = Date.UTC(2024, 0, 1);
const trace = (n: number): string => `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba9${String(n).padStart(4, '0')}-01`;
const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

withBroker('engram replay of a topic', ({ addresses, kafka, topic, unique }) => {
  const here = folder();
  const at = (name: string): string => join(here, name);
  let input: string;
  let live: Written[];
  let letters: Written[];
  const url = (query = '', name = input): string => `kafka://${addresses().join(',')}/${name}${query}`;
  const lines = (name: string): string[] => readFileSync(at(name), 'utf8').split('\n').slice(0, -1);
  /** All that a reader sees, but for the offset. */
  const seen = (rows: readonly Written[]) => rows.map(({ offset: _, ...row }) => row);
  const replay = (query: string, ...more: string[]) => engram(['replay', url(query), '--run', at('run.json'), ...more]);

  beforeAll(async () => {
    input = await topic('meters', 2);
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => {
        const n = from + i;
        const power = 100 + 10 * ((n >> 1) % 24) + (n === 700 ? 90_000 : 0);
        const row = {
          partition: n % 2,
          key: `meter-${n % 6}`,
          value: JSON.stringify({ at: start + n * 60_000, power }),
        };
        if (n % 97 === 5) return { ...row, value: '{' };
        if (n === 300) return { ...row, value: null };
        return n % 50 === 0 ? { ...row, headers: { traceparent: trace(n), other: 'x' } } : row;
      });
    await produce(kafka(), input, rows(0, 500));
    await sleep(5);
    writeFileSync(at('middle'), new Date().toISOString());
    await sleep(5);
    await produce(kafka(), input, rows(500, 1000));
    const run = {
      kafka: { brokers: addresses() },
      input,
      group: unique('live'),
      decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
      pipeline: watchful,
      state: { folder: at('live-state') },
      ...{ commitMs: 20, sessionTimeoutMs: 6000, oldBrokers: 'allow' },
    };
    writeFileSync(at('run.json'), JSON.stringify(run));
    const stop = new AbortController();
    const done = runKafka(await parseKafkaRun(run), stop.signal);
    await drained(kafka(), run.group, input);
    stop.abort();
    await done;
    live = await readAll(kafka(), `${input}.forecasts`, 988);
    letters = await readAll(kafka(), `${input}.dlq`, 11);
    expect([live.length, letters.length]).toEqual([988, 11]);
  }, 120_000);

  test('into topics and a file: the keys, bytes, headers and partitions of the live run', async () => {
    const to = unique('again');
    const places = ['forecasts', 'anomalies', 'dlq'].flatMap((kind) => ['--out', url('', `${to}.${kind}`)]);
    const done = await replay('', ...places, '--out', at('all.ndjson'));
    expect([done.code, done.err]).toEqual([0, '']);
    expect(seen(await readAll(kafka(), `${to}.forecasts`, live.length))).toEqual(seen(live));
    expect(seen(await readAll(kafka(), `${to}.dlq`, letters.length))).toEqual(seen(letters));
    const anomalies = await readAll(kafka(), `${input}.anomalies`, 1);
    expect(anomalies.length).toBeGreaterThan(0);
    expect(seen(await readAll(kafka(), `${to}.anomalies`, anomalies.length))).toEqual(seen(anomalies));
    expect(lines('all.ndjson')).toEqual(live.map(({ value }) => value));
    expect(live.filter(({ headers }) => headers.traceparent !== undefined).length).toBe(19);
    expect(done.out).toContain('988 rows in');
    // Again it writes nothing, and says so.
    const again = await replay('', ...places);
    expect(again.out).toMatch(/forecasts +kafka:.*\(988 rows were there already; --fresh writes all again\)/);
    expect(await readAll(kafka(), `${to}.forecasts`, live.length)).toHaveLength(live.length);
  }, 60_000);

  test('by time, by offsets of each partition; nothing is committed for the input', async () => {
    const middle = readFileSync(at('middle'), 'utf8');
    const before = await replay(`?to=${middle}`, '--out', at('before.ndjson'));
    expect([before.code, before.err]).toEqual([0, '']);
    const early = live.filter(({ value }) => Number(JSON.parse(String(value)).offset) < 250);
    expect(lines('before.ndjson')).toEqual(early.map(({ value }) => value));
    const part = await replay('?from=0:480,1:490&to=0:495', '--out', at('part.parquet'), '--out', at('part.ndjson'));
    expect(part.code).toBe(0);
    const ids = lines('part.ndjson').map((line) => JSON.parse(line).id as string);
    const wanted = live.map(({ value }) => JSON.parse(String(value)).id as string);
    expect(ids).toEqual(
      wanted.filter((id) => {
        const [shard, offset] = id.split('@');
        return shard.endsWith('-0') ? +offset >= 480 && +offset < 495 : +offset >= 490;
      }),
    );
    const admin = kafka().admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    for (const { groupId } of groups.filter((group) => group.groupId.startsWith('engram-replay-'))) {
      const found = await admin.fetchOffsets({ groupId, topics: [input] });
      expect(found.flatMap(({ partitions }) => partitions.filter(({ offset }) => offset !== '-1'))).toEqual([]);
    }
    await admin.disconnect();
  }, 60_000);

  test('a range without a row is told, with what the log holds', async () => {
    const early = '2001-01-01T00:00:00Z';
    const holds =
      /topic \S+ holds in partition 0 offsets 0 to 499, written \S+Z to \S+Z; in partition 1 offsets 0 to 499, /;
    for (const [from, to, times] of [
      ['2099-01-01T00:00:00Z', 'latest', true],
      [early, '2001-01-02T00:00:00Z', true],
      ['7', '7', false],
    ] as const) {
      const done = await replay(`?from=${from}&to=${to}`);
      expect([done.code, done.err]).toEqual([0, '']);
      expect(done.out).toContain(`Nothing was read: no row lies in the range from=${from} to=${to}: `);
      expect(done.out).toMatch(holds);
      // A time in the records' own field is what people ask for first.
      expect(done.out.includes('Times are those that records were written with, not those in at.')).toBe(times);
    }
    const between = readFileSync(at('middle'), 'utf8');
    const gap = await replay(`?from=${between}&to=${between}`);
    expect(gap.out).toMatch(holds);
    const empty = await topic('empty');
    expect((await engram(['replay', url('', empty), '--values', 'power'])).out).toContain(
      `range from=earliest to=latest: topic ${empty} holds no records.`,
    );
    // Rows that a step holds back at the end of the range were read.
    const few = await replay('?from=0:0,1:0&to=0:2,1:2');
    expect([few.code, few.out.includes('Nothing was read')]).toEqual([0, false]);
  }, 60_000);

  test('killed in the middle and begun again: the same bytes, in files and in a topic', async () => {
    expect(existsSync(bin), 'dist/ is built by npm test').toBe(true);
    const to = unique('killed');
    const args = (...more: string[]) => [
      ...['replay', url(), '--run', at('run.json'), '--state', at('state'), '--checkpoint-rows', '50'],
      ...['--out', url('', `${to}.forecasts`), '--out', at('killed.ndjson'), '--out', at('killed.arrow'), ...more],
    ];
    // An hour passes in a tenth of a second, so that there is a middle.
    const child = spawn(process.execPath, [bin, ...args('--speed', '36000', '--quiet')], { stdio: 'ignore' });
    await checkpointed(child, at('state'));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const resumed = await engram(args());
    expect([resumed.code, resumed.err]).toEqual([0, expect.stringMatching(/going on at offset [\d]+ of .*-0/)]);
    expect(lines('killed.ndjson')).toEqual(live.map(({ value }) => value));
    expect(seen(await readAll(kafka(), `${to}.forecasts`, live.length))).toEqual(seen(live));
    await replay('', '--out', at('whole.arrow'), '--quiet');
    expect(readFileSync(at('killed.arrow')).equals(readFileSync(at('whole.arrow')))).toBe(true);
  }, 60_000);

  test.each([
    [['?from=5&to=3'], 2, /expected from before to, got from=5 and to=3/],
    [['?from=90000'], 2, /from: expected an offset of at most 500/],
    [['?from=2:1'], 2, /expected partitions 0 to 1/],
    [['?from=soon'], 2, /from: expected earliest, latest, an offset/],
    [['', '--step', '5min'], 2, /--step: has no effect on a topic/],
    [['', '--fresh'], 2, /--fresh: has no effect without --state/],
    [['', '--format', 'parquet'], 2, /decode.format: expected one of json/],
    [['', '--time-format', 'auto'], 2, /--time-format: expected iso/],
    [['', '--out', 'KAFKA/INPUT'], 2, /expected a topic of its own/],
  ])('%s is refused: %i', async ([query, ...more], code, why) => {
    const done = await replay(query, ...more.map((word) => (word === 'KAFKA/INPUT' ? url() : word)));
    expect(done.err).toMatch(why);
    expect([done.code, done.err.split('\n').length]).toEqual([code, 2]);
  });

  test('a topic that is not there names the nearest, a cluster that is not there is told, and fields must be named', async () => {
    const missing = await engram(['replay', url('', `${input}x`), '--values', 'power']);
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining(`did you mean "${input}"`)]);
    const nameless = await engram(['replay', url()]);
    expect([nameless.code, nameless.err]).toEqual([2, expect.stringContaining('--values: expected the fields')]);
  });
});

/** Resolves when a run has written a checkpoint; rejects when it ends without. */
async function checkpointed(child: ChildProcess, state: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const names = existsSync(state) ? readdirSync(state, { recursive: true, encoding: 'utf8' }) : [];
    if (names.filter((name) => name.endsWith('.engram')).length >= 2) return;
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before its second checkpoint`);
    await sleep(25);
  }
  throw new Error('no checkpoint in ten seconds');
}
