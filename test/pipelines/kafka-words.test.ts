import { expect, test } from 'vitest';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { drained, produce, readAll } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';

const cycle = ['OPEN', 'READ', 'CHECK', 'CLOSE'];
/** Of two doors, one of which explodes once. */
const rows = Array.from({ length: 1400 }, (_, i) => {
  const t = i >> 1;
  const state = i === 1204 ? 'EXPLODE' : cycle[(t + (i % 2)) % 4];
  const value = JSON.stringify({ at: 1_700_000_000_000 + t * 60_000, state });
  return { partition: i % 2, key: `door-${i % 2}`, value };
});

withBroker('words on Kafka', ({ addresses, kafka, topic, unique }) => {
  test('the next word is told, and the one that should not have come; stopped in the middle, the same bytes come out', async () => {
    const input = await topic('doors', 2);
    const run = async (group: string, state: string): Promise<readonly string[]> => {
      const stop = new AbortController();
      const lines: string[] = [];
      const done = runKafka(
        {
          ...(await parseKafkaRun({
            kafka: { brokers: addresses() },
            ...{ input, group },
            decode: { categories: ['state'], time: 'at', timeFormat: 'epoch-ms' },
            pipeline: 'word-sequence',
            state: { topic: state, partitions: 2 },
            topics: { results: `${group}.results`, anomalies: `${group}.anomalies` },
            ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
          })),
          onLog: (line) => lines.push(line),
        },
        stop.signal,
      );
      await drained(kafka(), group, input);
      stop.abort();
      await done;
      return lines;
    };
    const [halves, whole] = [unique('halves'), unique('whole')];
    const state = unique('state');
    const half = rows.length / 2;
    await produce(kafka(), input, rows.slice(0, half));
    await run(halves, state);
    await produce(kafka(), input, rows.slice(half));
    const again = (await run(halves, state)).map((line) => JSON.parse(line)).filter(({ type }) => type === 'restored');
    expect(again.map(({ how, from }) => [how.split(' ')[0], from])).toEqual([
      ['checkpoint', half / 2],
      ['checkpoint', half / 2],
    ]);
    await run(whole, unique('state'));

    const said = await readAll(kafka(), `${whole}.results`, rows.length);
    expect(said).toHaveLength(rows.length);
    const late = JSON.parse(String(said[1000].value));
    expect(late).toMatchObject({ key: 'door-1', words: [expect.stringMatching(/^(OPEN|READ|CHECK|CLOSE)$/)] });
    const due = cycle[(cycle.indexOf(late.words[0]) + 1) % 4];
    expect(late.next.state[0]).toMatchObject({ word: due });
    expect(late.next.state[0].probability).toBeGreaterThan(0.9);
    const told = await readAll(kafka(), `${whole}.anomalies`, 1);
    const faults = told.filter(({ value }) => String(value).includes('EXPLODE'));
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every(({ key }) => key === 'door-0')).toBe(true);
    expect(String(faults[0].value)).toContain(`state EXPLODE where ${cycle[602 % 4]}`);
    const bytes = async (name: string, least: number) =>
      (await readAll(kafka(), name, least)).map(({ partition, key, value }) => ({ partition, key, value }));
    for (const [kind, least] of [
      ['results', rows.length],
      ['anomalies', told.length],
    ] as const) {
      expect(await bytes(`${halves}.${kind}`, least)).toEqual(await bytes(`${whole}.${kind}`, least));
    }
  }, 60_000);
});
