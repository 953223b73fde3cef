/**
 * A second configuration learns in the shadow of the first, takes over at a named row, and is rolled back: the log is
 * NAB's taxi counts, the challenger takes charge from row 6,000 to row 8,000, and the end shows how both did.
 *
 *   npm run setup && node dist/examples/challenge.js
 */
import {
  challenge,
  comparisonOf,
  detect,
  fileSource,
  interval,
  type MemoryName,
  normalize,
  outputs,
  pipeline,
  remember,
  run,
  seasons,
  sinkOf,
} from '../index.js';

const horizons = [1, 5, 48];
const side = (memory: MemoryName) =>
  pipeline(memory).through(remember({ memory, horizons })).through(interval()).through(detect());

const contested = pipeline('taxi')
  .through(normalize())
  .through(seasons())
  .through(
    challenge({
      champion: side('seasonal-rls'),
      challenger: side('default'),
      swaps: [
        { at: 6000, to: 'challenger' },
        { at: 8000, to: 'champion' },
      ],
    }),
  );

const shape = { shard: 'nyc_taxi.csv', channels: ['value'], horizons, levels: [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] };
await run({
  pipeline: contested,
  source: fileSource('data/nyc_taxi.csv', { time: 'timestamp', values: ['value'] }),
  sinks: { results: [sinkOf('out/examples/contested.ndjson', outputs.results(shape))] },
  onEnd(_, state) {
    const { horizons: compared, alarms, inCharge, evidence } = comparisonOf(state.challenge);
    for (const { horizon, crps } of compared) {
      console.log(`${horizon} rows ahead: CRPS ${crps.map((score) => score.toFixed(0)).join(' and ')}`);
    }
    console.log(`alarms ${alarms.join(' and ')}, in charge of ${inCharge.join(' and ')} rows`);
    console.log(`evidence that the one in the shadow is better: ${evidence.toPrecision(3)} to 1`);
  },
});
