import { describe, expect, test } from 'vitest';
import { nabFolder, readNab, readNabScores } from '../../../evaluation/data/nab.js';
import { probationRows } from '../../../evaluation/nab-score.js';
import { anomalousFrom, likelihood, likelihoodLayout, putRight } from '../../../operators/evidence/likelihood.js';
import { chance } from '../../chance.js';
import { sharedData, withData } from '../../evaluation/shared-data.js';
import { rowOf } from './row.js';

const options = { learnRows: 150, warmupRows: 300 };

/** Scores of a quiet key: a few columns were not predicted. */
const quiet = (rows: number, seed: number): number[] => {
  const random = chance(seed);
  return Array.from({ length: rows }, () => 0.1 * random());
};

const judge = (scores: readonly number[], asked = options): number[] => {
  const own = rowOf(likelihoodLayout);
  return scores.map((score) => likelihood(own, score, asked));
};

describe('the anomaly likelihood', () => {
  test('is even while it knows nothing, and between 0 and 1 ever after', () => {
    const told = judge([...quiet(300, 1), ...quiet(2000, 2).map((x) => (x > 0.09 ? 1 : x))]);
    expect(told.slice(0, 300).every((x) => Math.abs(x - 0.0301) < 1e-4)).toBe(true);
    expect(told.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(new Set(told.slice(300)).size).toBeGreaterThan(1000);
  });

  test('tells of ten surprises in a row once, at the first row at which they are an anomaly', () => {
    const told = judge([...quiet(1000, 3), ...Array.from({ length: 10 }, () => 1), ...quiet(200, 4)]);
    const anomalies = told.flatMap((x, row) => (x >= anomalousFrom ? [row] : []));
    expect(anomalies).toHaveLength(1);
    expect(anomalies[0]).toBeGreaterThanOrEqual(1000);
    expect(anomalies[0]).toBeLessThan(1005);
  });

  test('a stream that always surprises is not made strange by one more surprise', () => {
    const random = chance(5);
    const told = judge(Array.from({ length: 3000 }, () => random()));
    expect(told.filter((x) => x >= anomalousFrom).length).toBeLessThan(3);
  });

  test('what was usual is forgotten after 8,640 rows', () => {
    const random = chance(6);
    const rough = (rows: number) => Array.from({ length: rows }, () => random());
    const burst = Array.from({ length: 10 }, () => 1);
    const early = judge([...rough(4000), ...quiet(4000, 7), ...burst]);
    const late = judge([...rough(4000), ...quiet(9000, 7), ...burst]);
    expect(Math.max(...late.slice(-10))).toBeGreaterThan(Math.max(...early.slice(-10)) + 0.2);
  });

  test('no later score changes an earlier one', () => {
    const scores = quiet(2000, 8).map((x, row) => (row % 371 === 0 ? 1 : x));
    const other = scores.map((x, row) => (row < 1234 ? x : 1 - x));
    expect(judge(other).slice(0, 1234)).toEqual(judge(scores).slice(0, 1234));
  });

  test('scores that are put right count from the next row on, as if they had been said so', () => {
    const right = quiet(800, 10);
    const own = rowOf(likelihoodLayout);
    const told = right.map((score, row) => {
      if (row === 650) for (let back = 1; back <= 650; back++) putRight(own, back, right[650 - back]);
      return likelihood(own, row < 650 ? 0.5 + score : score, options);
    });
    // The distribution is made anew at once, and is then the same at every hundredth row.
    const all = judge(right);
    expect(told.slice(700)).toEqual(all.slice(700));
    expect(told[650]).toBeGreaterThan(1e-3);
    const left = rowOf(likelihoodLayout);
    const wrong = right.map((score, row) => likelihood(left, row < 650 ? 0.5 + score : score, options));
    expect(Math.max(...wrong.slice(660, 700))).toBeLessThan(told[670]);
  });

  test('learns from the rows after the first ones alone', () => {
    const wild = Array.from({ length: 150 }, () => 1);
    // The means of ten reach back into the rows before.
    const calm = wild.map((_, row) => (row < 140 ? 0 : 1));
    const rest = quiet(500, 9);
    expect(judge([...wild, ...rest]).slice(160)).toEqual(judge([...calm, ...rest]).slice(160));
  });
});

withData(nabFolder.name, 'the likelihoods that were published with NAB', () => {
  const folder = `${sharedData}/${nabFolder.name}`;

  test.each(['numenta', 'htmjava'])('of %s come out of its raw scores, row by row', (detector) => {
    const raw = readNabScores(folder, detector, 'raw_score');
    const final = readNabScores(folder, detector);
    const off: string[] = [];
    let compared = 0;
    for (const { name, rows } of readNab(folder)) {
      // A constant has no likelihood there, by a rule on the variance of values that hangs on their unit.
      if (name.endsWith('art_flatline.csv')) continue;
      // As they did, from the length of the file: no detector can know that, and this one does not.
      const warmupRows = probationRows(rows.length);
      const own = rowOf(likelihoodLayout);
      const scores = raw.get(name)!;
      const said = final.get(name)!;
      scores.forEach((score, row) => {
        const told = likelihood(own, score, { learnRows: Math.floor(warmupRows / 2), warmupRows });
        // Their rule of the range sets the score to 1.
        if (said[row] === 1) return;
        compared++;
        if (!(Math.abs(told - said[row]) < 1e-4)) off.push(`${name}, row ${row}: ${told}, not ${said[row]}`);
      });
    }
    expect(off).toEqual([]);
    expect(compared).toBeGreaterThan(350_000);
  });
});
