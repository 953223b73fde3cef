/** Rows of the table on Kafka in the README: first cell and figure, as bench/results has them. */
import { existsSync, readFileSync } from 'node:fs';

const place = (name) => new URL(`../bench/results/${name}.json`, import.meta.url);
const recorded = (name) => JSON.parse(readFileSync(place(name), 'utf8'));
const whole = (value) => Math.round(value).toLocaleString('en-US');

export function kafkaRows() {
  const { speeds, sustained, latency } = recorded('kafka');
  return new Map([
    ...Object.entries(speeds).map(([name, { cpuMicrosPerEvent, eventsPerCoreSecond }]) => [
      `Kafka: ${name}`,
      `${cpuMicrosPerEvent} µs/event, ${whole(eventsPerCoreSecond)} events/s per core`,
    ]),
    ...(sustained
      ? [['Kafka: the whole set-up, highest rate it keeps up with', `${whole(sustained.eventsPerSecond)} events/s`]]
      : []),
    ...latency.map(({ load, eventsPerSecond, p50Ms, p99Ms }) => [
      `Kafka: event to committed result at ${load}, p50 and p99`,
      `${p50Ms} and ${p99Ms} ms${load === 'half load' ? ` at ${whole(eventsPerSecond)} events/s` : ''}`,
    ]),
    ...(existsSync(place('kafka-rescale')) ? rescaled() : []),
  ]);
}

function rescaled() {
  const found = recorded('kafka-rescale');
  const seconds = (ms) => (ms / 1000).toFixed(1);
  return ['folder', 'topic'].flatMap((place) => {
    const { rescales, handover } = found[place];
    return [
      ...rescales.map(({ from, to, ownedAgainMs }) => [
        `Kafka, state in a ${place}: ${from} to ${to} processes, every partition at work again`,
        `${seconds(ownedAgainMs)} s`,
      ]),
      [
        `Kafka, state in a ${place}: handover of 10,000 keys, last commit of one process to the next one live`,
        `${seconds(handover.ms)} s, ${whole(handover.checkpointBytes / 1e6)} MB`,
      ],
    ];
  });
}
