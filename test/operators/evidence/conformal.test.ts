import { describe, expect, test } from 'vitest';
import type { AlarmBudget } from '../../../operators/budget.js';
import { ConformalOf, conformalLayout, conformalSharedLayout } from '../../../operators/evidence/conformal.js';
import type { Row } from '../../../state/layout.js';
import { chance, normal } from '../../chance.js';
import { tailOf } from '../tail.js';
import { rowOf } from './row.js';

interface Seen {
  readonly values: number[];
  readonly tail: number[];
  readonly expected: number[];
}
/** A row whose forecast was 0 with deviation 1. */
const seen = (...values: number[]): Seen => ({ values, tail: values.map(tailOf), expected: values.map(() => 0) });

/** What forecasts leave of keys in which rows are exchangeable, each of another nature; one call is one key. */
const streams: Record<string, (random: () => number) => () => Seen> = {
  normal: (random) => () => seen(normal(random)),
  'heavy tails, far too narrow forecasts': (random) => () =>
    seen((3 * normal(random)) / Math.sqrt(0.05 + random() ** 2)),
  'four values, most of them what was expected': (random) => () =>
    seen([0, 0, 0, 0, 0, 0, 2, -2, 9][Math.floor(9 * random())] as number),
  'another bias and spread in every key, both mixed within it': (random) => {
    const [bias, spread, share] = [normal(random), 0.2 + 3 * random(), random()];
    return () => seen(bias + (random() < share ? spread : 1) * normal(random));
  },
  'three channels that hang together, one of them often missing': (random) => () => {
    const common = normal(random);
    const [a, b, c] = [common + normal(random), normal(random) - common, 0.2 * common];
    return seen(a, random() < 0.5 ? b : Number.NaN, c);
  },
  'tails without a side': (random) => () => ({ values: [0], tail: [1 - random() ** 3], expected: [Number.NaN] }),
};

const stops: Record<string, (row: number, alarms: number, p: number) => boolean> = {
  'after 400 rows': () => false,
  'at the first alarm': (_, alarms) => alarms > 0,
  'at the second': (_, alarms) => alarms > 1,
  'at a score below 0.01': (_, __, p) => p < 0.01,
  'when no alarm came in 60 rows': (row, alarms) => row > 60 && alarms === 0,
};
const rowsMost = 400;
/** Rows that are ranked and not judged. */
const before = 25;
const rate = 1 / 40;

/** Alarms less what was granted until a moment, over its standard error, and their ratio. */
function excess(
  stream: (random: () => number) => () => Seen,
  stop: (typeof stops)[string],
  make = (budget: AlarmBudget) => new ConformalOf(budget),
  keys = 1500,
) {
  const random = chance(20);
  const conformal = make({ alarms: 1, per: 'key', rows: 1 / rate });
  const shared = rowOf(conformalSharedLayout);
  const each: number[] = [];
  let [told, granted] = [0, 0];
  for (let key = 0; key < keys; key++) {
    const own = rowOf(conformalLayout);
    const next = stream(random);
    let alarms = 0;
    let rows = 0;
    for (let i = 0; i < before; i++) conformal.rank(own, `key ${key}`, next());
    while (rows < rowsMost) {
      rows++;
      conformal.rank(own, `key ${key}`, next());
      if (conformal.alarms(shared, own, 0, 0)) alarms++;
      if (stop(rows, alarms, conformal.p)) break;
    }
    each.push(alarms - rate * rows);
    told += alarms;
    granted += rate * rows;
  }
  const mean = each.reduce((sum, x) => sum + x, 0) / keys;
  const variance = each.reduce((sum, x) => sum + (x - mean) ** 2, 0) / keys;
  return { excess: mean / Math.sqrt(variance / keys), ratio: told / granted };
}

describe('alarms are at most what was granted, where rows are exchangeable', () => {
  for (const [name, stream] of Object.entries(streams)) {
    test(`${name}: whenever one stops, and they are not far fewer`, () => {
      for (const [when, stop] of Object.entries(stops)) {
        const { excess: over, ratio } = excess(stream, stop);
        expect(over, when).toBeLessThan(3);
        expect(ratio, when).toBeGreaterThan(0.3);
      }
    });
  }

  test('what is not fair is found: a rank without the row itself, rows that hang together', () => {
    const after = stops['after 400 rows'] as (typeof stops)[string];
    class WithoutItself extends ConformalOf {
      override rank(...[own, key, row]: Parameters<ConformalOf['rank']>): void {
        super.rank(own, key, row);
        const rows = own.ranks.rows[0];
        this.p = Math.max(1e-9, (this.p * rows - 1) / Math.max(1, rows - 1));
      }
    }
    expect(
      excess(
        streams.normal as never,
        (row) => row >= 10,
        (budget) => new WithoutItself(budget),
      ).excess,
    ).toBeGreaterThan(3);
    const together = (random: () => number) => {
      let x = 0;
      return () => {
        x = 0.9 * x + Math.sqrt(0.19) * normal(random);
        return seen(x);
      };
    };
    expect(excess(together, after).excess).toBeGreaterThan(3);
  });
});

/** p-values of one key and its state after so many rows. */
function ranked(name: string, rows: number, next: () => Seen): { p: number[]; own: Row<typeof conformalLayout> } {
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: 2000 });
  const own = rowOf(conformalLayout);
  const p = Array.from({ length: rows }, () => {
    conformal.rank(own, name, next());
    return conformal.p;
  });
  return { p, own };
}

/** Scores of judged rows of one key. */
function scoresOf(name: string, rows: number, next: () => Seen, budgetRows: number): number[] {
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: budgetRows });
  const [shared, own] = [rowOf(conformalSharedLayout), rowOf(conformalLayout)];
  for (let i = 0; i < 50; i++) conformal.rank(own, name, next());
  return Array.from({ length: rows }, () => {
    conformal.rank(own, name, next());
    conformal.alarms(shared, own, 0, 0);
    return conformal.score;
  });
}

test.each([2000, 200])('a score of p comes at a share p of rows, whatever the stream; one alarm in %i rows', (rows) => {
  for (const [name, stream] of Object.entries(streams)) {
    const random = chance(31);
    const scores = Array.from({ length: 40 }, (_, key) => scoresOf(`key ${key}`, 3000, stream(random), rows)).flat();
    const of = [0.5, 0.1, 0.01, 0.001].map((p) => {
      const came = scores.filter((score) => score <= p).length;
      return (came - p * scores.length) / Math.sqrt(p * (1 - p) * scores.length);
    });
    process.stdout.write(`scores of conformal, ${name}: ${of.map((x) => x.toFixed(1)).join(', ')} standard errors\n`);
    for (const error of of) expect(Math.abs(error), name).toBeLessThan(3);
  }
});

test('scores rank rows by how far out they are, on both sides alike', () => {
  const random = chance(2);
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: 2000 });
  const own = rowOf(conformalLayout);
  for (let i = 0; i < 5000; i++) conformal.rank(own, 'k', seen(normal(random)));
  const score = (x: number): number => {
    conformal.rank(own, 'k', seen(x));
    return conformal.score;
  };
  const inOrder = [7, -5, 3, -2.4, 2.1, -1.7, 1.2, -0.8, 0.5, -0.3, 0].map(score);
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  // The share of a normal distribution beyond: both sides together.
  for (const x of [2.4, 1.5, 0.9]) {
    for (const side of [x, -x]) expect(Math.abs(score(side) - tailOf(side)), `${side}`).toBeLessThan(0.04);
  }
});

test('what is far out comes first on either side, then what lies above, and what lies below last', () => {
  const random = chance(2);
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: 2000 });
  const own = rowOf(conformalLayout);
  for (let i = 0; i < 5000; i++) conformal.rank(own, 'k', seen(normal(random)));
  const place = (...row: number[]): number => {
    conformal.rank(own, 'k', seen(...row));
    return conformal.p;
  };
  const inOrder = [7, -5, 3, -2.6, 2, 1, 0.5, -0.5, -1, -2].map((x) => place(x));
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  expect(inOrder[0]).toBeLessThan(1 / 5000);
  expect(inOrder.at(-1)).toBeGreaterThan(0.97);
});

test('by a band that ends at a floor, values at the floor stay where they are when what is expected of them wavers', () => {
  const random = chance(4);
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: 2000 });
  const own = rowOf(conformalLayout);
  const banded = (value: number): number => {
    // Four of five values are 0, and so is the lowest quantile.
    const middle = 0.1 * random();
    conformal.rank(own, 'k', { values: [value], tail: [0.5], expected: [middle], low: [0], high: [3] });
    return conformal.p;
  };
  for (let i = 0; i < 3000; i++) banded(random() < 0.8 ? 0 : 1 + Math.floor(3 * random()));
  const zeros = Array.from({ length: 400 }, () => banded(0));
  // One place for all of them: from a fifth on, everywhere alike.
  expect(Math.min(...zeros)).toBeGreaterThan(0.15);
  expect(zeros.filter((p) => p < 0.6).length / 400).toBeCloseTo(0.5, 1);
  expect(banded(9)).toBeLessThan(1 / 3000);
});

test('draws are those of the name of a key, and of no other', () => {
  const same = (): Seen => seen(0);
  expect(ranked('pump-1', 50, same).p).toEqual(ranked('pump-1', 50, same).p);
  const [one, other] = [ranked('pump-1', 4000, same).p, ranked('pump-2', 4000, same).p];
  const product = one.reduce((sum, p, i) => sum + 12 * (p - 0.5) * ((other[i] as number) - 0.5), 0);
  expect(Math.abs(product) / Math.sqrt(4000)).toBeLessThan(3.5);
});

test('a budget over all keys is what all get together, by rows and by time', () => {
  for (const budget of [
    { alarms: 1, per: 'all', rows: 200 },
    { alarms: 72, per: 'all', every: '1h' },
  ] as const satisfies readonly AlarmBudget[]) {
    const random = chance(6);
    const conformal = new ConformalOf(budget);
    const shared = rowOf(conformalSharedLayout);
    const [keys, rows] = [40, 1500];
    const own = Array.from({ length: keys }, () => rowOf(conformalLayout));
    let told = 0;
    for (let row = 0; row < rows; row++) {
      for (const [i, key] of own.entries()) {
        // All keys in the same moment, ten seconds after the last.
        conformal.tick(shared, key, 1e12 + 10_000 * row);
        conformal.rank(key, `${i}`, seen(normal(random)));
        if (row >= 100 && conformal.alarms(shared, key, 10_000, 0)) told++;
      }
    }
    const granted = (keys * (rows - 100)) / 200;
    expect(told / granted, JSON.stringify(budget)).toBeLessThan(1.15);
    expect(told / granted, JSON.stringify(budget)).toBeGreaterThan(0.4);
  }
});

test('another stream for good is told some times, and then begins anew', () => {
  const random = chance(8);
  const conformal = new ConformalOf({ alarms: 1, per: 'key', rows: 2000 });
  const shared = rowOf(conformalSharedLayout);
  const own = rowOf(conformalLayout);
  const told = (rows: number, next: () => Seen): number => {
    let alarms = 0;
    for (let i = 0; i < rows; i++) {
      conformal.rank(own, 'k', next());
      if (conformal.alarms(shared, own, 0, 0)) alarms++;
    }
    return alarms;
  };
  told(4000, () => seen(normal(random)));
  const first = told(300, () => seen(3 * normal(random)));
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(20);
  expect(own.ranks.rows[0]).toBeLessThan(4000);
  expect(told(4000, () => seen(3 * normal(random)))).toBeLessThan(8);
});

test('a share of false discoveries is refused, with the reason', () => {
  expect(() => new ConformalOf({ falseDiscoveries: 0.1 })).toThrow(
    /detect\.budget: expected \{ alarms, per, every \}.*got falseDiscoveries: ranks of a key are not exact behind an anomaly/,
  );
});
