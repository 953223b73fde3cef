/** The widest buffer: the period of the values, by the strongest peak of their autocorrelation. */
export function bufferRows(values: Float64Array): number {
  const fallback = 125;
  const head = values.subarray(0, 20_000);
  const mean = head.reduce((sum, value) => sum + value, 0) / head.length;
  const from = 3;
  const correlation = Array.from({ length: Math.min(400, head.length - 1) - from + 1 }, (_, at) => {
    let sum = 0;
    for (let i = from + at; i < head.length; i++) sum += (head[i] - mean) * (head[i - from - at] - mean);
    return sum;
  });
  let peak = -1;
  for (let at = 1; at + 1 < correlation.length; at++) {
    const isPeak = correlation[at] > correlation[at - 1] && correlation[at] > correlation[at + 1];
    if (isPeak && (peak < 0 || correlation[at] > correlation[peak])) peak = at;
  }
  return peak < 3 || peak > 300 ? fallback : peak + from;
}

/** Runs of labelled rows, both ends inclusive. */
export function segmentsOf(labels: ArrayLike<number | boolean>): [first: number, last: number][] {
  const segments: [number, number][] = [];
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i]) continue;
    if (i > 0 && labels[i - 1]) segments[segments.length - 1][1] = i;
    else segments.push([i, i]);
  }
  return segments;
}

const thresholdCount = 250;

/**
 * Volume under the precision-recall surface (Paparrizos et al., VLDB 2022): the area under the precision-recall curve,
 * averaged over label buffers of 0 to `buffer` rows. No threshold is chosen; needs at least one labelled row.
 */
export function vusPr(scores: Float64Array, labels: ArrayLike<number | boolean>, buffer: number): number {
  const segments = segmentsOf(labels);
  const order = Int32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  const ends = predictedCounts(scores, order);
  let sum = 0;
  for (let width = 0; width <= buffer; width++)
    sum += averagePrecision(softLabels(segments, labels, width), order, ends);
  return sum / (buffer + 1);
}

/** How many rows reach each threshold, the scores at evenly spaced ranks; ties are predicted together. */
function predictedCounts(scores: Float64Array, order: Int32Array): number[] {
  const last = order.length - 1;
  return Array.from({ length: thresholdCount }, (_, k) => {
    const threshold = scores[order[Math.trunc((k * last) / (thresholdCount - 1))]];
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[order[middle]] >= threshold) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Labels that fade out over a buffer on both sides. */
interface SoftLabels {
  readonly label: Float64Array;
  /** Index of the widened segment a row lies in, −1 outside. */
  readonly segment: Int32Array;
  readonly segmentCount: number;
  readonly labelled: number;
  /** The labels as they were given. */
  readonly hard: ArrayLike<number | boolean>;
}

function softLabels(
  segments: readonly [number, number][],
  hard: ArrayLike<number | boolean>,
  width: number,
): SoftLabels {
  const rows = hard.length;
  const half = Math.floor(width / 2);
  const label = new Float64Array(rows);
  const segment = new Int32Array(rows).fill(-1);
  let segmentCount = 0;
  let labelled = 0;
  let reached = -1;
  for (const [first, last] of segments) {
    labelled += last - first + 1;
    for (let i = first; i <= last; i++) label[i] = 1;
    for (let k = 1; k <= half; k++) {
      const soft = Math.sqrt(1 - k / width);
      if (first - k >= 0) label[first - k] = Math.min(1, label[first - k] + soft);
      if (last + k < rows) label[last + k] = Math.min(1, label[last + k] + soft);
    }
    if (segmentCount === 0 || first - half > reached) segmentCount++;
    reached = Math.min(rows - 1, last + half);
    for (let i = Math.max(0, first - half); i <= reached; i++) segment[i] = segmentCount - 1;
  }
  for (const [first, last] of segments) label.fill(1, first, last + 1);
  return { label, segment, segmentCount, labelled, hard };
}

function averagePrecision(
  { label, segment, segmentCount, labelled, hard }: SoftLabels,
  order: Int32Array,
  ends: readonly number[],
): number {
  const hit = new Uint8Array(segmentCount);
  let hits = 0;
  let truePositive = 0;
  let inBuffers = 0;
  let at = 0;
  let recallBefore = 0;
  let area = 0;
  for (const end of ends) {
    for (; at < end; at++) {
      const row = order[at];
      const s = segment[row];
      if (s < 0) continue;
      truePositive += label[row];
      if (!hard[row]) inBuffers += label[row];
      if (hit[s] === 0) {
        hit[s] = 1;
        hits++;
      }
    }
    // The buffers count as labelled only as far as they were predicted, so wide buffers cost no recall by themselves.
    const positives = labelled + inBuffers / 2;
    const recall = Math.min(truePositive / positives, 1) * (hits / segmentCount);
    area += (recall - recallBefore) * (truePositive / end);
    recallBefore = recall;
  }
  return area;
}
