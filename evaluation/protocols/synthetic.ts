import type { Benchmark, Metrics, Prepared, Scorer } from '../benchmark.js';
import { type Synthetic, type SyntheticKind, syntheticHorizons, syntheticKinds } from '../data/synthetic.js';
import { pointStep } from '../forecast-score.js';
import type { Step } from '../forecaster.js';
import { PointErrors } from '../point-errors.js';
import type { Stream } from '../stream.js';

const rows = 3000;
/** Half to learn in. */
const scoredFrom = 1500;
const seeds = 5;
const rowMs = 3_600_000;

/**
 * How far each memory stays behind the best that can be known: `ar_rmse` is its root mean square error one row ahead over
 * that of the best forecast on the same rows, 1 is perfect; `ar_rmse_5` five rows ahead; `ar_nll` the nats by which its
 * density is worse than the true one. Means over five seeds of the stream; `ar_rmse_sd` is their deviation.
 */
export const synthetic: Benchmark = {
  name: 'synthetic',
  about: 'made-up streams whose best forecast is known; ar_rmse is the error over the best one, ar_nll nats above it',
  kind: 'forecast',
  columns: syntheticKinds.flatMap(({ name, horizons }) => [
    ...horizons.map((h) => (h === 1 ? `${name}_rmse` : `${name}_rmse_${h}`)),
    `${name}_nll`,
  ]),
  anchors: [],
  prepare: () => prepareSynthetic(rows, scoredFrom, seeds),
};

/** The streams of all kinds, `seeds` of each. */
export function prepareSynthetic(rows: number, scoredFrom: number, seeds: number): Prepared {
  const parts = syntheticKinds.flatMap((kind) =>
    Array.from({ length: seeds }, (_, i) => {
      const made = kind.make(rows, i + 1);
      return { kind, made, stream: streamFrom(`${kind.name}-${i + 1}`, made) };
    }),
  );
  const scorer = () => new SyntheticScorer(parts, scoredFrom);
  return {
    streams: parts.map(({ stream }) => stream),
    scorer,
    references() {
      const best = scorer();
      for (const { stream, made } of parts) {
        for (let row = 0; row < rows; row++) {
          const said = syntheticHorizons.map((h, i) => made.best[i][row + h]);
          best.see(stream, row, { ...pointStep(Float64Array.from(said)), surprise: made.nll[row] });
        }
      }
      const metrics = best.metrics();
      const expected = Object.entries(metrics).map(([name]) => [name, /_(nll|sd)$/.test(name) ? 0 : 1]);
      return [{ name: 'the best there is', metrics, expected: Object.fromEntries(expected), tolerance: 1e-12 }];
    },
  };
}

function streamFrom(name: string, { values }: Synthetic): Stream {
  const list = Array.from(values, (value, t) => ({ key: name, timeMs: t * rowMs, values: [value] }));
  return { name, channels: ['value'], horizons: syntheticHorizons, rows: list, keyCount: 1 };
}

interface Part {
  readonly kind: SyntheticKind;
  readonly made: Synthetic;
  readonly stream: Stream;
}

/** Compares with the best forecast row by row, so that the luck of the noise falls out. */
class SyntheticScorer implements Scorer {
  readonly #scores = new Map<
    Stream,
    { part: Part; mine: PointErrors[]; best: PointErrors[]; excess: number; count: number }
  >();

  constructor(
    parts: readonly Part[],
    readonly from: number,
  ) {
    const fresh = () => syntheticHorizons.map(() => new PointErrors());
    for (const part of parts)
      this.#scores.set(part.stream, { part, mine: fresh(), best: fresh(), excess: 0, count: 0 });
  }

  see(stream: Stream, row: number, { mean, surprise }: Step): void {
    const score = this.#scores.get(stream);
    if (!score || row < this.from) return;
    const { kind, made } = score.part;
    syntheticHorizons.forEach((h, i) => {
      if (row + h >= made.values.length || !kind.horizons.includes(h)) return;
      score.mine[i].add(made.values[row + h], mean[i]);
      score.best[i].add(made.values[row + h], made.best[i][row + h]);
    });
    if (surprise === undefined) return;
    score.excess += surprise - made.nll[row];
    score.count++;
  }

  metrics(): Metrics {
    const all = [...this.#scores.values()];
    return Object.fromEntries(
      syntheticKinds.flatMap(({ name, horizons }) => {
        const own = all.filter(({ part }) => part.kind.name === name);
        const ratios = horizons.flatMap((h) => {
          const i = syntheticHorizons.indexOf(h as 1 | 5);
          const each = own.map(({ mine, best }) => mine[i].rmse / best[i].rmse);
          const label = h === 1 ? `${name}_rmse` : `${name}_rmse_${h}`;
          return [
            [label, meanOf(each)],
            [`${label}_sd`, deviationOf(each)],
          ] as const;
        });
        const told = own.every(({ count }) => count > 0);
        const nll = told ? [[`${name}_nll`, meanOf(own.map(({ excess, count }) => excess / count))] as const] : [];
        return [...ratios, ...nll];
      }),
    );
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(square / Math.max(1, values.length - 1));
}
