import { describe, expect, test } from 'vitest';
import { type EncoderSpec, type Field, fieldOf, type Sight, usualEncoders } from '../../models/fields.js';
import { hashOfText } from '../../models/words.js';

const names = ['speed', 'lat', 'lon', 'state'];
const field = (spec: EncoderSpec): Field => fieldOf(spec, names, [3], 0, 'encoders[0]');
const at = (more: Partial<Sight> & { readonly word?: string } = {}): Sight => ({
  values: [10, 48.137, 11.575, Number.NaN],
  words: [undefined, undefined, undefined, more.word ?? 'OPEN'],
  timeMs: Date.UTC(2026, 0, 5, 14, 30),
  periods: [],
  row: 100,
  gapMs: 3_600_000,
  scale: () => 4,
  before: () => 9,
  hash: () => hashOfText(more.word ?? 'OPEN'),
  ...more,
});
const bitsOf = (of: Field, sight: Sight): Set<number> => {
  const out = new Uint32Array(64);
  return new Set(out.subarray(0, of.write(of.point(sight), 0, out, 0)));
};
const shared = (a: Set<number>, b: Set<number>): number => [...a].filter((bit) => b.has(bit)).length;

const specs: readonly EncoderSpec[] = [
  { encode: 'scalar', of: 'speed' },
  { encode: 'delta', of: 'speed', fineness: 8 },
  { encode: 'time-of-day' },
  { encode: 'day-of-week' },
  { encode: 'weekend' },
  { encode: 'day-of-year' },
  { encode: 'season', nth: 1 },
  { encode: 'season', nth: 2 },
  { encode: 'category', of: 'state' },
  { encode: 'place', of: ['lat', 'lon'], cellDegrees: 0.01 },
];

describe.each(specs)('field %j', (spec) => {
  test('writes its width of bits below its size, for its own point and for others', () => {
    const of = field(spec);
    const out = new Uint32Array(64);
    const point = of.point(at());
    for (const other of [point, ...of.others(point, point + 1)]) {
      expect(of.write(other, 0, out, 0)).toBe(of.width);
      expect(Math.max(...out.subarray(0, of.width))).toBeLessThan(of.size);
    }
  });
});

describe('fields', () => {
  const change = (values: readonly number[]) => at({ values: [...values, 48, 11, Number.NaN] });
  test('numbers are counted in sixteenths of how far the channel moves, changes from the value before', () => {
    expect(field(specs[0]).point(at())).toBe(40);
    expect(field({ encode: 'delta', of: 'speed' }).point(at())).toBe(4);
    expect(field(specs[0]).say(40, at())).toBe('10.13');
    expect(field(specs[0]).point(at({ scale: () => 0 }))).toBeNaN();
    const delta = field(specs[1]);
    expect(shared(bitsOf(delta, change([10])), bitsOf(delta, change([11])))).toBeGreaterThan(15);
    expect(shared(bitsOf(delta, change([10])), bitsOf(delta, change([30])))).toBeLessThan(5);
  });
  test('the clock says times as people do', () => {
    const said = specs.slice(2, 8).map((spec) => field(spec).say(field(spec).point(at()), at()));
    expect(said).toEqual(['14:28', 'Monday', 'workday', 'day 6', '14:28', 'Monday']);
    const saturday = at({ timeMs: Date.UTC(2026, 0, 10) });
    expect(field(specs[4]).say(field(specs[4]).point(saturday), saturday)).toBe('weekend');
    expect(shared(bitsOf(field(specs[4]), at()), bitsOf(field(specs[4]), saturday))).toBe(0);
  });
  test('a season is the phase of a period where rows are too near for the clock', () => {
    const near = at({ gapMs: 1000, periods: [24] });
    expect(field(specs[6]).say(field(specs[6]).point(near), near)).toBe('row 4 of 24');
    expect(field(specs[7]).point(near)).toBeNaN();
  });
  test('a word has the bits of its letters', () => {
    const of = field(specs[8]);
    expect(bitsOf(of, at({ word: 'OPEN' }))).toEqual(bitsOf(of, at()));
    expect(shared(bitsOf(of, at()), bitsOf(of, at({ word: 'SHUT' })))).toBeLessThan(7);
  });
  test('a place says where it is', () => {
    const of = field(specs[9]);
    expect(of.say(of.point(at()), at())).toBe('48.13, 11.58');
  });
  test('what is usual for channels', () => {
    expect(usualEncoders(['a', 'b'], [1]).map(({ encode }) => encode)).toEqual([
      ...['scalar', 'category', 'season', 'season'],
    ]);
  });
  test('channels that there are not, or of another kind, are refused', () => {
    expect(() => field({ encode: 'scalar', of: 'sped' })).toThrow(/expected a channel \("speed".*got "sped"/);
    expect(() => field({ encode: 'delta', of: 'state' })).toThrow(/expected a channel of numbers for delta, got state/);
    expect(() => field({ encode: 'place', of: ['lat', 'lon'], cellDegrees: 0 })).toThrow(/cellDegrees/);
  });
});
