import { expect, test } from 'vitest';
import { prepareTopics, refuseOldBrokers, type UnknownSetting } from '../../pipelines/kafka-topics.js';

const cluster = (topics: Record<string, number>, settings: Record<string, string> = {}) => {
  const made: { topic: string; partitions: number; config?: Readonly<Record<string, string>> }[] = [];
  return {
    made,
    partitions: async (names: readonly string[]) =>
      new Map(names.filter((name) => name in topics).map((name) => [name, topics[name]])),
    topics: async () => Object.keys(topics),
    setting: async (topic: string, name: string) => settings[`${topic} ${name}`],
    ensure: async (plans: readonly (typeof made)[number][]) => {
      made.push(...plans);
    },
  };
};
const outputs = { results: { topic: 'in.forecasts', encode: () => () => '' }, rejects: { topic: 'in.dlq' } };

test('makes what is missing, with room for dead letters', async () => {
  const at = cluster({ in: 4 }, { 'in max.message.bytes': '2000000' });
  expect(await prepareTopics(at, { input: 'in', outputs, outputConfig: { 'retention.ms': '1' } })).toBe(4);
  expect(at.made).toEqual(
    ['in.forecasts', 'in.dlq'].map((topic) => ({
      topic,
      partitions: 4,
      config: { 'max.message.bytes': '2065536', 'retention.ms': '1' },
    })),
  );
});

test.each([
  ['an unknown input', cluster({ inn: 1 }), /no topic "in" \(did you mean "inn"\?\)/],
  ['a compacted input', cluster({ in: 1 }, { 'in cleanup.policy': 'compact,delete' }), /cleanup.policy=compact,delete/],
  ['an output with fewer partitions', cluster({ in: 4, 'in.dlq': 2 }), /as many partitions as in \(4\), it has 2/],
])('%s is refused', async (_, at, why) => {
  await expect(prepareTopics(at, { input: 'in', outputs })).rejects.toThrow(why);
});

test('an output that is the input is refused', async () => {
  const looped = { rejects: { topic: 'in' } };
  await expect(prepareTopics(cluster({ in: 1 }), { input: 'in', outputs: looped })).rejects.toThrow(
    /would feed itself/,
  );
});

test('old brokers are refused for exactly once, unless allowed', () => {
  expect(() => refuseOldBrokers(false, {})).toThrow(/expected brokers of Kafka 4.0 or later.*oldBrokers to allow/);
  for (const more of [{ oldBrokers: 'allow' } as const, { mode: 'at-least-once' }]) refuseOldBrokers(false, more);
  refuseOldBrokers(true, {});
});

test('a setting that the cluster does not tell is told, once each, with what is taken for it', async () => {
  const refused = new Error('Not authorized');
  const at = { ...cluster({ in: 1 }), setting: () => Promise.reject(refused) };
  const told: UnknownSetting[] = [];
  expect(await prepareTopics(at, { input: 'in', outputs, onEvent: (event) => told.push(event) })).toBe(1);
  const common = { type: 'unknown-setting', topic: 'in', error: refused };
  expect(told).toEqual([
    { ...common, setting: 'cleanup.policy', taken: 'delete' },
    { ...common, setting: 'max.message.bytes', taken: '1048588' },
  ]);
});
