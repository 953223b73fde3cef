import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Claim, shareOut } from '../../../connectors/kafka/sticky.js';

const partitions = (count: number) => Array.from({ length: count }, (_, partition) => ({ topic: 't', partition }));

test('every partition has one owner, shares differ by at most one, whatever is claimed', () => {
  const claim = fc.record({
    member: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    owned: fc.array(fc.record({ topic: fc.constantFrom('t', 'gone'), partition: fc.nat(20) }), { maxLength: 20 }),
    sinceMs: fc.nat(3),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(claim, { selector: ({ member }) => member, minLength: 1 }),
      fc.nat(16),
      (claims, count) => {
        const shares = shareOut(claims, partitions(count));
        const all = [...shares.values()].flat().map(({ partition }) => partition);
        expect(all.sort((a, b) => a - b)).toEqual(partitions(count).map(({ partition }) => partition));
        const sizes = [...shares.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 1000 },
  );
});

test('nothing moves when nothing changed, and only what must when somebody joins or leaves', () => {
  const claimsOf = (shares: Map<string, { topic: string; partition: number }[]>, members: string[]): Claim[] =>
    members.map((member) => ({ member, owned: shares.get(member) ?? [], sinceMs: 1 }));
  const moved = (before: Map<string, { partition: number }[]>, after: Map<string, { partition: number }[]>): number =>
    [...after].reduce(
      (sum, [member, share]) =>
        sum + share.filter((one) => !(before.get(member) ?? []).some((old) => old.partition === one.partition)).length,
      0,
    );
  const one = shareOut(claimsOf(new Map(), ['a']), partitions(8));
  const three = shareOut(claimsOf(one, ['a', 'b', 'c']), partitions(8));
  expect(moved(one, three)).toBe(5);
  expect(moved(three, shareOut(claimsOf(three, ['c', 'b', 'a']), partitions(8)))).toBe(0);
  const two = shareOut(claimsOf(three, ['a', 'c']), partitions(8));
  expect(moved(three, two)).toBe((three.get('b') ?? []).length);
});

test('of two that claim the same, the one that joined last is right', () => {
  const owned = partitions(2);
  const shares = shareOut(
    [
      { member: 'a', owned, sinceMs: 1 },
      { member: 'b', owned: owned.slice(0, 1), sinceMs: 2 },
    ],
    owned,
  );
  expect(shares.get('b')).toEqual([owned[0]]);
  expect(shares.get('a')).toEqual([owned[1]]);
});
