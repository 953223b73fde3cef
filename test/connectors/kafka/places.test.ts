import { expect, test } from 'vitest';
import { type KafkaPlace, parsePlace, stretchesOf } from '../../../connectors/kafka/places.js';

const bounds = new Map([
  [0, { low: 100, high: 500 }],
  [1, { low: 0, high: 80 }],
  [2, { low: 0, high: 0 }],
]);
/** A cluster whose records are one per second from 2024 on, each partition from its offset 0. */
const start = Date.UTC(2024, 0, 1);
const admin = {
  partitions: async () => new Map([['t', 3]]),
  ends: async () => new Map(bounds),
  offsetsAt: async (_: string, timeMs: number) =>
    new Map(
      [...bounds].map(([partition, { low, high }]) => [
        partition,
        Math.min(high, Math.max(low, Math.ceil((timeMs - start) / 1000))),
      ]),
    ),
};
const asked = async (from?: KafkaPlace, to?: KafkaPlace): Promise<number[][]> =>
  (await stretchesOf(admin, 't', from, to)).map((one) => [one.from, one.to]);

test('places as they may be written', () => {
  expect(parsePlace(5, 'from')).toEqual({ kind: 'offset', offset: 5 });
  expect(parsePlace('123456789012', 'from')).toEqual({ kind: 'offset', offset: 123_456_789_012 });
  expect(parsePlace('1714521600000', 'from')).toEqual({ kind: 'time', timeMs: 1_714_521_600_000 });
  expect(parsePlace('2024-05-01T02:00:00+02:00', 'to')).toEqual({ kind: 'time', timeMs: Date.UTC(2024, 4, 1) });
  expect(parsePlace('2024-05-01', 'to')).toEqual({ kind: 'time', timeMs: Date.UTC(2024, 4, 1) });
  expect(parsePlace('0:5,12:7', 'from')).toEqual({
    kind: 'each',
    offsets: new Map([
      [0, 5],
      [12, 7],
    ]),
  });
});

test.each(['yesterday', '01/02/2024', '-5', '1.5', '0:5,', '0:x', '2024-13-01', '12345678901234567890', '5:1,5:2'])(
  '%s is no place',
  (text) => expect(() => parsePlace(text, 'from')).toThrow(/from: expected/),
);

test.each([-5, 1.5, Number.NaN, '0:99999999999999999999', '2024-01-01T25:00:00Z'])('%s is no place either', (place) =>
  expect(() => parsePlace(place, 'to')).toThrow(/^to: expected earliest, latest, an offset,.* got /),
);

test('a range in every partition', async () => {
  expect(await asked()).toEqual([
    [100, 500],
    [0, 80],
    [0, 0],
  ]);
  expect(await asked(120, 200)).toEqual([
    [120, 200],
    [120, 80],
    [120, 0],
  ]);
  expect(await asked('0:300,1:20', '1:60')).toEqual([
    [300, 500],
    [20, 60],
    [0, 0],
  ]);
  expect(await asked(new Date(start + 30_000).toISOString(), new Date(start + 200_000).toISOString())).toEqual([
    [100, 200],
    [30, 80],
    [0, 0],
  ]);
  // What was asked for is kept, so that a fresh start below it can be refused.
  expect((await stretchesOf(admin, 't', 5))[0]).toMatchObject({ asked: 5, from: 100 });
});

test.each<[KafkaPlace, KafkaPlace, RegExp]>([
  [300, 200, /expected from before to, got from=300 and to=200/],
  ['2024-02-01', '2024-01-01', /expected from before to/],
  ['1:50', '1:20', /in partition 1/],
  [400, '2024-01-01T00:00:10Z', /expected from before to.*begins at offset 400/],
  ['latest', 'latest', /nothing lies behind/],
  ['earliest', 'earliest', /nothing lies before/],
  [501, 'latest', /at most 500.*got 501/],
  ['earliest', 700, /to: expected an offset of at most 500/],
  ['1:81', 'latest', /at most 80, where partition 1 of t ends, got 81/],
  ['7:1', 'latest', /partitions 0 to 2 of t, got partition 7/],
])('from %s to %s is refused', async (from, to, why) => {
  await expect(asked(from, to)).rejects.toThrow(why);
});
