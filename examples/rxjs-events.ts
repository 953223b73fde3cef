/**
 * A pipeline as one operator of plain RxJS: events in, forecasts and alarms out, nothing kept after the process. What must
 * outlive it is run with `run` and a store (taxi-anomalies.ts).
 *
 *   npm run setup && node dist/examples/rxjs-events.js
 */
import { filter, map, range } from 'rxjs';
import { detect, type Event, interval, normalize, onEvents, pipeline, remember, seasons } from '../index.js';

const watch = pipeline('pump')
  .through(normalize())
  .through(seasons())
  .through(remember({ memory: 'default', horizons: [1] }))
  .through(interval())
  .through(detect());

/** A pump's pressure, a row a minute: a swing of 48 minutes, a little noise, and a burst at minute 1,500. */
const pressureAt = (t: number): number =>
  20 + 5 * Math.sin((2 * Math.PI * t) / 48) + ((t * 7919) % 101) / 200 + (t === 1500 ? 4 : 0);

const events$ = range(0, 2000).pipe(
  map((t): Event => ({ key: 'pump-1', timeMs: t * 60_000, values: [pressureAt(t)], offset: t })),
);

events$
  .pipe(
    onEvents(watch, { channels: ['pressure'] }),
    filter(({ alarm }) => alarm),
  )
  .subscribe(({ timeMs, values, expected, low, high, score }) => {
    const [was, middle, from, to] = [values[0], expected[0], low[0], high[0]].map((value) => value.toFixed(2));
    console.log(`minute ${timeMs / 60_000}: ${was} where ${middle} (${from} to ${to}) was expected, p = ${score}`);
  });
