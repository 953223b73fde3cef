import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../event.js';
import { type Alarmed, type EpisodeOptions, episode } from '../../operators/episode.js';
import { keyed, type Stage } from '../../operators/stage.js';
import { bits, chance, events, run } from './harness.js';
import { laws } from './laws.js';

/** Rows of one key with alarms at some places, and what was expected there. */
const alarmed = (n: number, alarms: Readonly<Record<number, number>>, over: Partial<Alarmed> = {}): Alarmed[] =>
  events(Array(n).fill(39_197)).map((event, i) => ({
    ...event,
    score: alarms[i] ?? 0.5,
    alarm: alarms[i] !== undefined,
    tail: [alarms[i] ?? 0.5],
    expected: [15_200],
    low: [10_300],
    high: [21_100],
    ...over,
  }));
const anomalies = (rows: readonly Alarmed[], options: EpisodeOptions = {}, disturbance = {}): readonly Anomaly[] =>
  run<Alarmed, Alarmed>([episode(options)], rows, disturbance).anomalies;

describe('episode', () => {
  const random = chance(3);
  const many = alarmed(
    300,
    Object.fromEntries(Array.from({ length: 25 }, () => [Math.floor(random() * 300), random() ** 9])),
  );
  laws(() => episode({ closeRows: 5 }), many);
  laws(() => episode({ closeRows: 5, minAlarms: 2, report: 'changes' }), many);

  test('alarms with fewer quiet rows between them than closeRows are one anomaly, with more they are two', () => {
    const [first, second, ...none] = anomalies(alarmed(60, { 10: 4e-4, 15: 1e-5, 20: 4e-4, 31: 2e-4 }), {
      closeRows: 10,
    });
    const at = (i: number) => alarmed(60, {})[i]?.timeMs;
    expect(first).toMatchObject({ id: 'log-0@10', status: 'closed', alarms: 3, severity: 'warning', score: 1e-5 });
    expect(first).toMatchObject({
      startMs: at(10),
      peakMs: at(15),
      endMs: at(20),
      startOffset: 10,
      peakOffset: 15,
      endOffset: 20,
    });
    expect(second).toMatchObject({ id: 'log-0@31', status: 'closed', alarms: 1, startMs: at(31), endMs: at(31) });
    expect(none).toEqual([]);
    expect(anomalies(alarmed(60, { 10: 1e-5, 20: 1e-5, 30: 1e-5 }), { closeRows: 10 })).toHaveLength(1);
  });

  test('what the end of the log finds open is told as open and stays open', () => {
    const rows = alarmed(60, { 55: 1e-5, 58: 1e-7 });
    const [open, ...none] = anomalies(rows);
    expect(open).toMatchObject({ id: 'log-0@55', status: 'open', alarms: 2, severity: 'major' });
    expect(none).toEqual([]);
    // The same log, grown: the end that came too early has left no trace.
    const stage = episode();
    const early = run([stage], rows);
    const late = run([stage], rows, { ends: false });
    expect(bits(early.saved.map((b) => b.rows?.toArray().map(String)))).toBe(
      bits(late.saved.map((b) => b.rows?.toArray().map(String))),
    );
  });

  test('severity follows the peak or the number of alarms, and never falls', () => {
    const of = (alarms: Record<number, number>) => anomalies(alarmed(200, alarms))[0]?.severity;
    expect(of({ 5: 4e-4 })).toBe('info');
    expect(of({ 5: 1e-4 })).toBe('warning');
    expect(of({ 5: 1e-6, 6: 4e-4 })).toBe('major');
    expect(of({ 5: 1e-12, 6: 4e-4, 7: 4e-4 })).toBe('critical');
    expect(of(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [5 + i, 4e-4])))).toBe('major');
    const told = anomalies(alarmed(60, { 5: 4e-4, 6: 4e-4, 7: 1e-7, 9: 4e-4 }), { report: 'changes' });
    expect(told.map(({ status, severity }) => `${status} ${severity}`)).toEqual([
      'open info',
      'open major',
      'closed major',
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  });

  test('minAlarms keeps single alarms quiet', () => {
    const rows = alarmed(100, { 5: 1e-12, 50: 4e-4, 52: 4e-4 });
    expect(anomalies(rows, { minAlarms: 2 }).map(({ id }) => id)).toEqual(['log-0@50']);
    expect(anomalies(rows, { minAlarms: 2, report: 'changes' }).map(({ status }) => status)).toEqual([
      'open',
      'closed',
    ]);
  });

  test('a key that makes room for another closes its anomaly instead of losing it', () => {
    const rows = alarmed(3, { 0: 1e-5 }).map((row, i) => ({ ...row, key: `k${i}` }));
    const told = anomalies(rows, { keys: { limit: 1, whenFull: 'evict' } });
    expect(told).toMatchObject([{ key: 'k0', status: 'closed', id: 'log-0@0' }]);
  });

  test('why says what came, what was expected and how far apart they are', () => {
    const why = (over: Partial<Alarmed>, alarms: Record<number, number> = { 5: 1e-5 }) =>
      anomalies(alarmed(40, alarms, over))[0]?.why;
    expect(why({})).toBe('a 39197 where 15200 (10300 to 21100) was expected: 2.6 times as high');
    expect(why({ values: [3000] })).toBe('a 3000 where 15200 (10300 to 21100) was expected: 80 % lower');
    expect(why({ values: [21_200], expected: [20_000] })).toBe(
      'a 21200 where 20000 (10300 to 21100) was expected: 1200 higher',
    );
    expect(why({ values: [-7], expected: [0], low: [-1], high: [1] })).toBe(
      'a -7 where 0 (-1 to 1) was expected: 7 lower',
    );
    expect(why({ values: [-70], expected: [-10], low: [-11], high: [-9] })).toBe(
      'a -70 where -10 (-11 to -9) was expected: 60 lower',
    );
    expect(why({ values: [15_000] })).toMatch(/was expected: strange together with the rows before it$/);
    expect(why({ expected: [Number.NaN] })).toBe('a was not as it used to be');
    expect(why({}, { 5: 1e-5, 7: 1e-4 })).toMatch(/2.6 times as high; 2 alarms in 2 minutes$/);
  });

  test('the channel that is least expected at the peak is named, missing ones never', () => {
    const shard = { name: 's', channels: ['temperature', 'pressure', 'flow'] };
    const rows = alarmed(40, { 5: 1e-5 }).map((row) => ({
      ...row,
      values: [Number.NaN, 1, 50],
      tail: [Number.NaN, 0.4, 1e-6],
      expected: [1, 1, 10],
      low: [0, 0, 9],
      high: [2, 2, 11],
    }));
    expect(anomalies(rows, {}, { shard })[0]).toMatchObject({
      channel: 'flow',
      actual: 50,
      expected: 10,
      why: 'flow 50 where 10 (9 to 11) was expected: 5 times as high',
    });
  });

  describe('what an alarm over several rows is about', () => {
    /** Ten rows of which the fourth is far off, and the last, which is as expected, alarms. */
    const late = alarmed(60, { 29: 1e-4 }, { values: [15_200] }).map((row, i) => ({
      ...row,
      ...(i === 23 ? { values: [39_197], tail: [1e-9] } : {}),
      run: i === 23 ? 0 : -1,
      ...(i === 29 ? { about: { rows: 10, since: 6 } } : {}),
    }));

    test('the peak is the row that was strange, and the anomaly begins with it, under the id of its alarm', () => {
      const [found] = anomalies(late);
      expect(found).toMatchObject({ id: 'log-0@29', startOffset: 23, endOffset: 29, peakOffset: 23, actual: 39_197 });
      expect(found?.startMs).toBe(late[23]?.timeMs);
      expect(found?.why).toBe('a 39197 where 15200 (10300 to 21100) was expected: 2.6 times as high');
      expect(found).not.toHaveProperty('quantity');
      // The first alarm is told when it comes, and is known by the same place later.
      const told = anomalies(late, { report: 'changes' });
      expect(told.map(({ startOffset, id }) => `${id} from ${startOffset}`)).toEqual(Array(2).fill('log-0@29 from 23'));
    });

    test('where no row is strange alone, what they come to together is told in numbers', () => {
      const together = late.map((row, i) => ({
        ...row,
        ...(i >= 20 && i < 30 ? { values: [19_000], tail: [0.05] } : { values: [15_200], tail: [0.5] }),
      }));
      const [found] = anomalies(together);
      expect(found?.quantity).toMatchObject({ name: 'mean of 10 rows', rows: 10, actual: 19_000, expected: 15_200 });
      expect(found?.why).toMatch(/^a: the mean of 10 rows is 19000 where 15200 \(\d+ to \d+\) is usual$/);
    });

    test('a reason that was measured is told where the row itself lies in its band, and the row where it does not', () => {
      const measured = { actual: 16_000, low: 14_000, high: 15_500 };
      const reasons = { channel: 0, channels: [3], parts: [{ kind: 'level' as const, nats: 3, measured }] };
      const of = (value: number) =>
        anomalies(
          alarmed(40, { 20: 1e-4 }, { values: [value], about: { rows: 20, since: 0, strongest: 0 }, reasons }),
        )[0];
      expect(of(16_100)).toMatchObject({
        why: 'a: the mean of 20 rows is 16000 where 14000 to 15500 is usual',
        quantity: { name: 'mean of 20 rows', actual: 16_000, low: 14_000, high: 15_500 },
        causes: [{ feature: 'level', text: 'the mean of 20 rows is 16000 where 14000 to 15500 is usual' }],
      });
      expect(of(39_197)?.why).toMatch(/2.6 times as high$/);
      expect(of(39_197)).not.toHaveProperty('quantity');
    });
  });

  describe('how long an anomaly lasts', () => {
    const lasting = (over: (i: number) => Partial<Alarmed>, alarms: Record<number, number> = { 20: 1e-5 }) =>
      anomalies(alarmed(100, alarms).map((row, i) => ({ ...row, run: -1, ...over(i) })));

    test('rows that go on with it move its end, those behind a break do not', () => {
      const [found] = lasting((i) => (i > 20 && i <= 26 ? { run: i - 20 } : i === 30 ? { run: 1 } : {}));
      expect(found).toMatchObject({ startOffset: 20, endOffset: 26, alarms: 1 });
    });

    test('what holds keeps it open, however long after the alarm', () => {
      const found = lasting((i) => (i > 20 && i <= 70 && i % 3 === 0 ? { holds: true } : {}), { 20: 1e-5, 60: 1e-4 });
      expect(found.map(({ startOffset, endOffset, alarms }) => [startOffset, endOffset, alarms])).toEqual([
        [20, 69, 2],
      ]);
    });

    test('a strange forecast behind a spike is no part of it: the value is back where it was expected', () => {
      const [found] = lasting((i) => (i === 21 ? { run: 1, values: [15_300], expected: [30_000] } : {}));
      expect(found).toMatchObject({ startOffset: 20, endOffset: 20 });
    });

    test('an anomaly never begins before the end of the one before', () => {
      const found = lasting((i) => (i === 50 ? { about: { rows: 1, since: 31 } } : {}), { 20: 1e-5, 50: 1e-5 });
      expect(found.map(({ startOffset, endOffset }) => [startOffset, endOffset])).toEqual([
        [20, 20],
        [21, 50],
      ]);
    });

    test('it begins no later than the row it points at, and points at none of the anomaly before', () => {
      const far = (i: number) => (i === 25 ? { tail: [1e-9] } : {});
      const about = { rows: 10, since: 0 };
      const [late] = lasting((i) => ({ ...far(i), ...(i === 30 ? { about } : {}) }), { 30: 1e-5 });
      expect(late).toMatchObject({ id: 'log-0@30', startOffset: 25, peakOffset: 25, endOffset: 30 });
      const longer = { about: { rows: 32, since: 31 } };
      const found = lasting((i) => ({ ...far(i), ...(i === 51 ? longer : {}) }), { 25: 1e-5, 51: 1e-6 });
      expect(found.map(({ startOffset, peakOffset }) => [startOffset, peakOffset >= startOffset])).toEqual([
        [25, true],
        [26, true],
      ]);
    });

    test('surprising rows behind its end are none of its steps', () => {
      const [found] = lasting((i) => (i === 30 ? { tail: [1e-9] } : {}));
      expect(found?.steps?.map(({ offset }) => offset)).not.toContain(30);
      expect(found?.steps?.[0]?.offset).toBe(20);
    });
  });

  test('an anomaly on which a mark weighs says so, one on which it has faded does not', () => {
    const of = (excuse: number) => anomalies(alarmed(40, { 20: 1e-5 }, { about: { rows: 1, since: 0, excuse } }))[0];
    expect(of(2)).toMatchObject({ marked: { verdict: 'expected', nats: 2 } });
    expect(of(2)?.why).toMatch(/2.6 times as high; like what was marked as expected: it had to be 7.4 times as rare$/);
    expect(of(-1)).toMatchObject({ marked: { verdict: 'real', nats: -1 } });
    expect(of(-1)?.why).toMatch(/marked as real: it could be 2.7 times as common$/);
    for (const excuse of [0, 0.01]) expect(of(excuse)).not.toHaveProperty('marked');
  });

  test('anomalies found before pass through', () => {
    const silent = keyed('pass', {}, () => ({
      id: 'pass',
      version: '1',
      shared: {},
      layout: {},
      step: (_s: object, _o: object, row: Alarmed, out: { emit(row: Alarmed): void }) => out.emit(row),
    })) as Stage<Alarmed, Alarmed>;
    const { anomalies, rows } = run<Alarmed, Alarmed>([episode(), silent], alarmed(60, { 3: 1e-5 }));
    expect([anomalies.length, rows.length]).toEqual([1, 60]);
  });

  test('a wrong option names itself', () => {
    expect(() => episode({ closeRows: 0 })).toThrow(/episode\.closeRows: expected a whole number of at least 1.*got 0/);
    expect(() => episode({ report: 'all' as never })).toThrow(
      /episode\.report: expected one of closed, changes, got "all"/,
    );
  });
});
