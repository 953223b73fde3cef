import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommittedFilter } from '../../../connectors/kafka/committed.js';
import type { RawRecord } from '../../../connectors/kafka/record.js';

type Step = { producer: number; act: 'write' | 'commit' | 'abort' | 'plain' | 'gap'; trap: boolean };

const trapKey = Buffer.from([0, 0, 0, 0]);

/** A log written by interleaved producers, and the offsets a reader of committed data must see: the model. */
function logOf(steps: readonly Step[], producers: number): { raws: RawRecord[]; visible: number[] } {
  const raws: RawRecord[] = [];
  const open = new Map<number, number[]>();
  const visible: number[] = [];
  let offset = 0;
  const end = (producer: number, commit: boolean): void => {
    if (!open.has(producer)) return;
    if (commit) visible.push(...(open.get(producer) ?? []));
    open.delete(producer);
    raws.push({
      offset: String(offset++),
      timestamp: '0',
      key: Buffer.from([0, 0, 0, commit ? 1 : 0]),
      value: null,
      isControlRecord: true,
      batchContext: { producerId: String(producer), inTransaction: true },
    });
  };
  for (const { producer, act, trap } of steps) {
    if (act === 'gap') offset += 3;
    else if (act === 'commit' || act === 'abort') end(producer, act === 'commit');
    else {
      const inTransaction = act === 'write';
      if (inTransaction) open.set(producer, [...(open.get(producer) ?? []), offset]);
      else visible.push(offset);
      raws.push({
        offset: String(offset++),
        timestamp: '0',
        key: trap ? trapKey : Buffer.from('k'),
        value: Buffer.from('v'),
        isControlRecord: false,
        batchContext: { producerId: String(inTransaction ? producer : -1), inTransaction },
      });
    }
  }
  for (let producer = 0; producer < producers; producer++) end(producer, producer % 2 === 0);
  return { raws, visible: visible.sort((a, b) => a - b) };
}

const steps = fc.array(
  fc.record({
    producer: fc.nat(4),
    act: fc.constantFrom('write', 'write', 'write', 'commit', 'abort', 'plain', 'gap') as fc.Arbitrary<Step['act']>,
    trap: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('any interleaving, any cut: what comes out is what the model says, in order', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(7), { maxLength: 80 }), (acts, cuts) => {
      const { raws, visible } = logOf(acts, 5);
      const filter = new CommittedFilter(0);
      const got: number[] = [];
      let at = 0;
      for (const size of [...cuts, raws.length]) {
        const { records, next } = filter.push(raws.slice(at, at + size));
        at += size;
        got.push(...records.map(({ offset }) => offset));
        // Below `next` nothing waits; at or above it nothing was let out.
        expect(got.every((offset) => offset < next)).toBe(true);
        expect(visible.filter((offset) => offset < next)).toEqual(got);
      }
      expect(got).toEqual(visible);
      expect(filter.heldBytes).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test('a reader that begins again at any `next` sees the rest, once', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (acts, cut) => {
      const { raws, visible } = logOf(acts, 5);
      const first = new CommittedFilter(0).push(raws.slice(0, cut));
      const again = new CommittedFilter(first.next).push(raws);
      expect([...first.records, ...again.records].map(({ offset }) => offset)).toEqual(visible);
    }),
    { numRuns: 2000 },
  );
});

test('a transaction that never ends is reported at the limit', () => {
  const raw = (offset: number): RawRecord => ({
    offset: String(offset),
    timestamp: '0',
    key: null,
    value: Buffer.alloc(100),
    batchContext: { producerId: '7', inTransaction: true },
  });
  const filter = new CommittedFilter(0, 400);
  filter.push([raw(0), raw(1)]);
  expect(() => filter.push([raw(2)])).toThrow(/producer 7, the limit is 400/);
});

test('offsets beyond 2^53 are refused', () => {
  expect(() =>
    new CommittedFilter(0).push([{ offset: '9007199254740993', timestamp: '0', key: null, value: null }]),
  ).toThrow(/below 2\^53/);
});
