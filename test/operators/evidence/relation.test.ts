import { expect, test } from 'vitest';
import { type Relation, RelationOf, relationLayout } from '../../../operators/evidence/relation.js';
import { incidentLayout } from '../../../operators/evidence/trust.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

const zeros = [0, 0, 0];
const calm = rowOf(incidentLayout);

/** Newness of a row, which is then learnt. */
function look(relation: RelationOf, own: Relation, errors: number[]): number {
  const fresh = relation.newness(own, errors, zeros, 10_000);
  relation.learnNumbers(own, calm);
  return fresh;
}

/** Newest of each stretch of rows; `make` gives the errors of a row. */
function newest(make: (i: number) => number[], stretches: readonly number[]): number[] {
  const channels = make(0).length;
  const own = rowOf(relationLayout(channels));
  const relation = new RelationOf(channels);
  let from = 0;
  return stretches.map((upTo) => {
    let most = 0;
    for (; from < upTo; from++) most = Math.max(most, look(relation, own, make(from)));
    return most;
  });
}

test('a channel that leaves the others while its values stay ordinary is news within ten rows', () => {
  for (const follow of [0.5, 0, -1]) {
    const z = normal(chance(4));
    const made = newest(
      (i) => {
        const common = z();
        const share = i < 3000 ? 1 : follow;
        // Each channel alone is as large as ever.
        const other = share * common + Math.sqrt(1 - share * share) * z();
        return [common, other + 0.2 * z(), common + 0.5 * z()];
      },
      [2000, 3000, 3010],
    );
    expect(made[2]).toBeGreaterThan(made[1] as number);
    expect(made[2]).toBeGreaterThan(3);
  }
});

test('channels that become the same are news too, over forty rows', () => {
  const z = normal(chance(5));
  const [, calm, copied] = newest(
    (i) => {
      const common = z();
      return [common, i < 3000 ? common + 0.5 * z() : common];
    },
    [2000, 3000, 3060],
  );
  expect(copied).toBeGreaterThan(3);
  expect(copied).toBeGreaterThan(calm as number);
});

test('which channel left is told where there are more than two; missing values, constants and one channel say nothing', () => {
  const z = normal(chance(6));
  const own = rowOf(relationLayout(3));
  const relation = new RelationOf(3);
  for (let i = 0; i < 2000; i++) {
    const common = z();
    const values = [common + 0.3 * z(), common + 0.3 * z(), i % 7 === 0 ? Number.NaN : common + 0.3 * z()];
    expect(look(relation, own, values)).toBeGreaterThanOrEqual(0);
  }
  let most = { fresh: 0, channel: -1 };
  for (let i = 0; i < 20; i++) {
    const common = z();
    const fresh = look(relation, own, [common + 0.3 * z(), -common, common + 0.3 * z()]);
    if (fresh > most.fresh) most = { fresh, channel: relation.channel };
  }
  expect(most.channel).toBe(1);
  expect(newest(() => [0, 0], [1000])).toEqual([0]);
  expect(newest(() => [z()], [1000])).toEqual([0]);
  expect(relation.newness(own, [1, 1, 1], undefined, 10_000)).toBe(0);
});
