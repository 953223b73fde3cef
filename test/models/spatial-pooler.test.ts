import { describe, expect, test } from 'vitest';
import { poolerDefaults, spatialPooler } from '../../models/spatial-pooler.js';
import { u8, u32 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { chance } from '../chance.js';

const base = { ...poolerDefaults, inputs: 200, columns: 256, winners: 16 };

function poolerOf(options = base) {
  const pooler = spatialPooler(options);
  const slab = new Slab({ pooler: pooler.layout, input: u32(40), overlap: u8(2 * 256), winners: u32(16) });
  const own = slab.row(slab.add());
  pooler.start(own.pooler, 5);
  const winners = (active: readonly number[]): number[] => {
    own.input.set(active);
    const n = pooler.winners(own.pooler, own.input, active.length, own.overlap, own.winners);
    return [...own.winners.subarray(0, n)];
  };
  const learn = (active: readonly number[], won: readonly number[]): void => {
    own.input.set(active);
    own.winners.set(won);
    pooler.learn(own.pooler, own.input, active.length, own.winners, won.length);
  };
  return { own, winners, learn };
}

const random = chance(21);
const inputs = Array.from({ length: 50 }, () => {
  const set = new Set<number>();
  while (set.size < 20) set.add(Math.floor(random() * 200));
  return [...set];
});

describe('spatial pooler', () => {
  test('permanences begin as far above and below what is connected as is asked for', () => {
    const level = Math.round(255 * base.connected);
    const ends = (options: object): number[] => {
      const seen = [...poolerOf({ ...base, ...options }).own.pooler.permanence].filter((permanence) => permanence > 0);
      return [Math.min(...seen) - level, Math.max(...seen) - level];
    };
    expect(ends({})).toEqual([-26, 25]);
    expect(ends({ above: 0.5, below: 0.2 })).toEqual([-52, 125]);
  });

  test.each([1, 4])('the winners of %i areas are those with the largest overlap, ties to the lower column', (areas) => {
    const { own, winners } = poolerOf({ ...base, areas });
    for (const active of inputs) {
      const overlap = Array.from(
        { length: 256 },
        (_, c) => active.filter((i) => own.pooler.permanence[i * 256 + c] >= Math.round(255 * base.connected)).length,
      );
      const naive = Array.from({ length: areas }, (_, a) =>
        Array.from({ length: 256 / areas }, (_, i) => (a * 256) / areas + i)
          .sort((x, y) => overlap[y] - overlap[x] || x - y)
          .slice(0, 16 / areas),
      );
      expect(winners(active)).toEqual(naive.flat().sort((x, y) => x - y));
    }
  });

  test('nothing in, nothing out', () => expect(poolerOf().winners([])).toEqual([]));

  test('similar inputs have similar winners, others do not', () => {
    const { winners } = poolerOf();
    const [one, other] = [winners(inputs[0]), winners(inputs[1])];
    const near = winners([...inputs[0].slice(1), inputs[0][0] === 199 ? 198 : 199]);
    const common = (a: number[], b: number[]): number => a.filter((column) => b.includes(column)).length;
    expect(common(one, near)).toBeGreaterThan(7);
    expect(common(one, other)).toBeLessThan(6);
  });

  test('learning moves the winners towards the input, at the rate that was asked for', () => {
    const options = { ...base, increment: 0.002, decrement: 0.002 };
    const { own, winners, learn } = poolerOf(options);
    const won = winners(inputs[0]);
    const before = own.pooler.permanence.slice();
    for (let i = 0; i < 40; i++) learn(inputs[0], won);
    let up = 0;
    let seen = 0;
    for (const input of inputs[0]) {
      for (const column of won) {
        const at = input * 256 + column;
        if (before[at] === 0) expect(own.pooler.permanence[at]).toBe(0);
        else {
          up += own.pooler.permanence[at] - before[at];
          seen++;
        }
      }
    }
    expect(up / seen / 255).toBeCloseTo(40 * 0.002, 2);
    expect(winners(inputs[0])).toEqual(won);
  });

  test('boost is what the paper says: e^(strength x (share wanted - share of wins, fading by a thousandth))', () => {
    const { own, winners, learn } = poolerOf({ ...base, boost: 10 });
    const duty = new Float64Array(256).fill(16 / 256);
    for (let step = 0; step < 1200; step++) {
      const won = winners(inputs[step % 3]);
      learn(inputs[step % 3], won);
      for (let c = 0; c < 256; c++) duty[c] = 0.999 * duty[c] + (won.includes(c) ? 0.001 : 0);
    }
    const boosts = Array.from(duty, (share) => Math.exp(10 * (16 / 256 - share)));
    // Columns that always won and columns that never did are far apart.
    expect(Math.max(...boosts) / Math.min(...boosts)).toBeGreaterThan(2);
    boosts.forEach((boost, c) => void expect(own.pooler.boost[c] / boost, `column ${c}`).toBeCloseTo(1, 4));
  });

  test('boost brings idle columns in', () => {
    const used = (boost: number): number => {
      const { winners, learn } = poolerOf({ ...base, boost });
      const seen = new Set<number>();
      for (let i = 0; i < 1500; i++) {
        const won = winners(inputs[i % 3]);
        learn(inputs[i % 3], won);
        for (const column of won) seen.add(column);
      }
      return seen.size;
    };
    expect(used(10)).toBeGreaterThan(1.3 * used(0));
  });

  test('refuses columns that do not divide', () => {
    expect(() => spatialPooler({ ...base, columns: 250 })).toThrow('multiple of 16');
    expect(() => spatialPooler({ ...base, areas: 3 })).toThrow('areas');
  });
});
