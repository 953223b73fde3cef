import type { Event } from '../event.js';
import type { Detected } from '../operators/detect.js';
import { htmDetect } from '../operators/htm-detect.js';
import { Lane } from '../pipelines/lane.js';
import { pipeline } from '../pipelines/pipeline.js';
import type { MakeForecaster, Step } from './forecaster.js';

const nothing = new Float64Array(0);

/** HTM alone by its own likelihood, in the place of a forecaster: it only judges rows, and forecasts none. */
export function htmDetectorOf(seed?: number): MakeForecaster {
  const { stages } = pipeline('htm alone').through(htmDetect(seed === undefined ? {} : { seed }));
  return ({ channels }) => {
    const lane = new Lane<Event & Detected>(stages, { name: 'evaluation', channels });
    let next = 0;
    return {
      push(rows) {
        const events = rows.map(({ key, timeMs, values }): Event => ({ key, timeMs, values, offset: next++ }));
        const made = lane.push({ shard: 'evaluation', rows: events, rejects: [], next });
        return made.rows.map(
          ({ score, alarm, abnormal, onset }): Step => ({
            ...{ mean: nothing, levels: [], score: onset, share: score, alarm, abnormal, onset },
          }),
        );
      },
      close: () => lane.close(),
    };
  };
}
