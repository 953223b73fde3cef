import type { Forecaster, MakeForecaster, Step } from '../../evaluation/forecaster.js';
import type { Stream } from '../../evaluation/stream.js';

const levels = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/**
 * Forecasts that are the truth `late` rows after the one they are meant for: 0 is a perfect forecaster, which no score
 * may find an error in. It is handed the streams, since a forecaster is shown nothing of the future.
 */
export function oracle(streams: readonly Stream[], late = 0): MakeForecaster {
  let turn = 0;
  return ({ horizons, channels }): Forecaster => {
    const stream = streams[turn++ % streams.length];
    let next = 0;
    const stepAt = (row: number): Step => {
      const mean = new Float64Array(channels.length * horizons.length);
      for (let c = 0; c < channels.length; c++) {
        horizons.forEach((horizon, h) => {
          const at = row + (horizon + late) * stream.keyCount;
          mean[c * horizons.length + h] = stream.rows[at]?.values[c] ?? Number.NaN;
        });
      }
      const quantiles = new Float64Array(mean.length * levels.length);
      mean.forEach((value, at) => {
        quantiles.fill(value, at * levels.length, (at + 1) * levels.length);
      });
      const cdf = (c: number, h: number, x: number): number => Number(x >= mean[c * horizons.length + h]);
      return { mean, levels, quantiles, cdf, score: 0, share: 1, alarm: false, onset: 0, abnormal: false };
    };
    return { push: (rows) => rows.map(() => stepAt(next++)), close() {} };
  };
}
