import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { htmNovelty } from '../../models/htm-novelty.js';
import type { Detected } from '../../operators/detect.js';
import { episode } from '../../operators/episode.js';
import { likelihood, likelihoodLayout } from '../../operators/evidence/likelihood.js';
import { htmDetect } from '../../operators/htm-detect.js';
import { interval } from '../../operators/interval.js';
import { remember } from '../../operators/remember.js';
import { Slab } from '../../state/slab.js';
import { rowOf } from './evidence/row.js';
import { chance, run } from './harness.js';

const random = chance(4);
const wobble = Array.from({ length: 1500 }, () => random());
const at = (value: number, t: number): Event => ({ key: 'k', timeMs: t * 3_600_000, values: [value], offset: t });
const daily = wobble.map((u, t) => 100 + 50 * Math.sin((2 * Math.PI * t) / 24) + u);
const judged = (values: readonly number[], options = {}) =>
  run<Event & Detected>([htmDetect(options)], values.map(at), { cuts: [256] }).rows;
const alarmsOf = (rows: readonly Detected[]) => rows.flatMap(({ alarm }, row) => (alarm ? [row] : []));

describe('HTM alone', () => {
  test('alarms where a daily pattern breaks, within its range, and not where it goes on', () => {
    const rows = judged(daily.map((value, t) => (t >= 1200 && t < 1224 ? 100 : value)));
    const found = alarmsOf(rows);
    expect(found.some((row) => row >= 1200 && row < 1230)).toBe(true);
    expect(found.filter((row) => row < 1200 || row > 1260).length).toBeLessThan(3);
  });

  test('a value outside the range by more than a fiftieth is an anomaly, which claims one row in those seen', () => {
    const rows = judged(daily.slice(0, 360).map((value, t) => (t === 350 ? 180 : value)));
    expect(rows[350]).toMatchObject({ alarm: true, onset: 1, score: 1 / 350 });
    expect(rows[350].reasons).toEqual({
      channel: 0,
      channels: [expect.closeTo(Math.log(350), 9)],
      parts: expect.arrayContaining([
        {
          kind: 'value',
          nats: expect.closeTo(Math.log(350), 9),
          measured: { actual: 180, low: Math.min(...daily.slice(0, 350)), high: Math.max(...daily.slice(0, 350)) },
        },
      ]),
    });
    expect(rows[350].about).toMatchObject({ rows: 1, strongest: 0 });
    const within = judged(daily.slice(0, 360).map((value, t) => (t === 350 ? 152 : value)));
    expect(within[350].alarm).toBe(false);
    expect(within[350].reasons).toBeUndefined();
  });

  test('nothing alarms while rows are left until the first alarm can come, not even a value far outside', () => {
    const wild = daily.slice(0, 320).map((value, t) => (t >= 110 && t % 15 === 0 ? value + 100 * t : value));
    const rows = judged(wild);
    expect(rows.slice(0, 300).filter(({ alarm, onset }) => alarm || onset >= 0.5)).toEqual([]);
    expect(rows[134].score).toBeGreaterThan(0.1);
    expect(rows[299].warmup).toBe(0);
    expect(alarmsOf(rows)).toEqual([300, 315]);
    expect(alarmsOf(judged(wild, { learnRows: 50, warmupRows: 120 })).slice(0, 2)).toEqual([120, 135]);
  });

  test('an anomaly is told once in ten rows, also one of values outside the range', () => {
    const rows = judged(daily.slice(0, 400).map((value, t) => (t >= 350 && t < 375 ? 200 + 50 * (t - 350) : value)));
    expect(alarmsOf(rows)).toEqual([350, 360, 370]);
    expect(rows[351].onset).toBeLessThan(0.31);
  });

  test('of a pattern that breaks it says the sequence, and its anomalies name it beside the memory that forecasts', () => {
    const values = daily.map((value, t) => (t >= 1200 && t < 1224 ? 100 : t === 1400 ? 300 : value));
    const { rows, anomalies } = run<Event & Detected>(
      [remember({ memory: 'seasonal-naive', horizons: [1] }), interval(), htmDetect(), episode()],
      values.map(at),
      { cuts: [256] },
    );
    const broken = rows.find(({ alarm, offset }) => alarm && offset >= 1200 && offset < 1230);
    expect(broken?.reasons).toEqual({
      channel: -1,
      channels: [0],
      parts: [
        expect.objectContaining({ kind: 'sequence', nats: expect.closeTo(-Math.log(broken?.score as number), 6) }),
      ],
    });
    const { actual = 0, high = 1 } = broken?.reasons?.parts[0]?.measured ?? {};
    expect(actual).toBeGreaterThan(high);
    // Its likelihood looks at ten rows: the least foretold of them is one of those that break the pattern.
    expect(broken?.offset as number).toBeGreaterThanOrEqual(1200 + (broken?.about?.strongest as number));
    expect(broken?.about?.rows).toBe(10);
    const of = (row: number) => anomalies.find(({ startOffset, endOffset }) => startOffset <= row && row <= endOffset);
    const judge = { name: 'htm-detect', version: '5' };
    expect(of(broken?.offset as number)).toMatchObject({
      ...{ judge, model: 'seasonal-naive' },
      causes: [{ feature: 'sequence', contribution: 1 }],
    });
    expect(of(1400)).toMatchObject({ judge, severity: 'info' });
    expect(of(1400)?.causes?.map(({ feature }) => feature)).toContain('value');
  });

  test('what an operator calls expected must be rarer or farther outside to alarm, what he calls real need not', () => {
    const spikes = [400, 600, 800, 1000, 1200];
    // Each leaves the range by a twelfth of it.
    const values = [...daily];
    let high = 151;
    for (const row of spikes) {
      high += (high - 50) / 12;
      values[row] = high;
    }
    const broken = values.map((value, t) => (t >= 700 && t < 724 ? 100 : t >= 1300 && t < 1324 ? 60 : value));
    const marked = (of: number, verdict: 'expected' | 'real', times: number, restart = false) => {
      const timeMs = of * 3_600_000;
      const mark = { key: 'k', verdict, startMs: timeMs, endMs: timeMs + 30 * 3_600_000, offset: of + 40 };
      const marks = Array.from({ length: times }, () => mark);
      return run<Event & Detected>([htmDetect()], broken.map(at), { cuts: [301], marks, restart }).rows;
    };
    const said = (rows: readonly Detected[]) => spikes.filter((row) => rows[row].alarm);
    const breaks = (rows: readonly Detected[]) => alarmsOf(rows).filter((row) => row >= 1300 && row < 1330);
    const plain = marked(400, 'expected', 0);
    expect(said(plain)).toEqual(spikes);
    expect(breaks(plain)).toHaveLength(1);
    const range = marked(400, 'expected', 1);
    expect(said(range)).toEqual([400]);
    // The other kind of alarm was not spoken of, and what is notable stays so.
    expect(breaks(range)).toEqual(breaks(plain));
    expect(range.map(({ onset }) => onset)).toEqual(plain.map(({ onset }) => onset));
    expect(said(marked(400, 'real', 2)).length).toBe(spikes.length);
    const sequence = marked(700, 'expected', 5);
    expect(said(sequence)).toEqual(spikes);
    expect(breaks(sequence)).toEqual([]);
    expect(marked(700, 'expected', 5, true)).toEqual(sequence);
    const telling = sequence.flatMap((row) => ('marks' in row ? [row] : []));
    expect(telling).toMatchObject([{ offset: 740, marks: Array(4).fill({ verdict: 'expected' }) }]);
  });

  test('what align filled in is neither strange nor learnt', () => {
    const filled = daily
      .slice(0, 400)
      .flatMap((value, t) => [at(value, t), ...(t % 10 === 0 ? [{ ...at(900, t), filled: true }] : [])]);
    const rows = run<Event & Detected>([htmDetect()], filled, { cuts: [256] }).rows;
    const real = rows.filter((row) => !(row as { filled?: boolean }).filled);
    expect(real.map(({ score }) => score)).toEqual(judged(daily.slice(0, 400)).map(({ score }) => score));
    expect(rows.filter(({ values }) => values[0] === 900).every(({ alarm, score }) => !alarm && score === 1)).toBe(
      true,
    );
  });

  test('of a past taken in anew the likelihood learns what is then said of it', () => {
    const grown = daily.slice(0, 900).map((value, t) => (t < 450 ? value : 2.5 * (value - 100) + 100));
    const model = htmNovelty({ channels: 1 });
    const slab = new Slab(model.layout);
    const own = slab.row(slab.add());
    model.start(own);
    let shares: number[] = [];
    let last = 0;
    const atOnce = grown.map((value, t) => {
      const share = model.step(own, [value], t * 3_600_000);
      if (own.renewed[0] > 0) {
        shares = Array.from(own.shares.subarray(0, t));
        last = t;
      }
      shares.push(share);
      return share;
    });
    slab.free();
    expect(last).toBeGreaterThanOrEqual(450);
    const after = Math.ceil((last + 1) / 100) * 100;
    const onsets = (scores: readonly number[]): number[] => {
      const state = rowOf(likelihoodLayout);
      return scores.map((score) => likelihood(state, score, { learnRows: 150, warmupRows: 300 })).slice(after);
    };
    const told = judged(grown)
      .slice(after)
      .map(({ onset }) => onset);
    expect(told).toEqual(onsets(shares));
    expect(told).not.toEqual(onsets(atOnce));
  });

  test('counts the rows down until there is a likelihood, and a missing value is no row', () => {
    const rows = judged([...daily.slice(0, 10), Number.NaN, ...daily.slice(10, 320)]);
    expect(rows[0].warmup).toBe(299);
    expect(rows[10].warmup).toBe(rows[9].warmup);
    expect(rows[10]).toMatchObject({ alarm: false, onset: 0, score: 1 });
    expect(rows[320].warmup).toBe(0);
  });

  test('another seed is another detector, the same one the same', () => {
    const onsets = (seed: number) => judged(daily.slice(0, 340), { seed }).map(({ onset }) => onset);
    expect(onsets(2)).toEqual(onsets(2));
    expect(onsets(2)).not.toEqual(onsets(3));
  });

  test('options that make no sense are refused', () => {
    expect(() => htmDetect({ learnRows: 300, warmupRows: 300 })).toThrow('htm-detect.warmupRows');
    expect(() => htmDetect({ sed: 1 } as object)).toThrow('htm-detect.sed');
  });
});
