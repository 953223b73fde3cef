import type { Event } from '../event.js';
import { silence } from '../operators/silence.js';
import { Lane } from '../pipelines/lane.js';
import type { LabelledSeries } from './data/nab.js';
import { medianOf } from './episodes.js';

/** How soon a key that says nothing is told. */
export interface OverdueScore {
  /** Share of windows before whose first row the key was told to be overdue, once. */
  readonly told: number;
  /** Median of what had passed since its last row, in its usual gaps. */
  readonly delay_rows: number;
  /** Other silences that were told. */
  readonly untrue: number;
}

/**
 * What the step `silence` tells of series whose windows begin with the row that ends a gap. Beside each runs a second key that goes on: time
 * passes only while somebody speaks.
 */
export function overdueScore(series: readonly LabelledSeries[]): OverdueScore {
  const delays: number[] = [];
  let windows = 0;
  let untrue = 0;
  for (const one of series) {
    const usualMs = medianOf(one.rows.slice(1).map(({ timeMs }, i) => timeMs - one.rows[i].timeMs));
    const opened = openedIn(one, usualMs);
    windows += one.windows.length;
    for (const [first] of one.windows) {
      const lastMs = one.rows[first - 1].timeMs;
      const at = opened.findIndex((timeMs) => timeMs > lastMs && timeMs < one.rows[first].timeMs);
      if (at >= 0) delays.push((opened.splice(at, 1)[0] - lastMs) / usualMs);
    }
    untrue += opened.length;
  }
  return { told: windows === 0 ? 0 : delays.length / windows, delay_rows: medianOf(delays), untrue };
}

/** When the key of a series was told to be overdue: the times of the rows that showed it. */
function openedIn({ name, rows }: LabelledSeries, usualMs: number): number[] {
  const beside: { key: string; timeMs: number }[] = [];
  const endMs = rows[rows.length - 1].timeMs;
  for (let timeMs = rows[0].timeMs + usualMs / 2; timeMs < endMs; timeMs += usualMs) {
    beside.push({ key: `beside ${name}`, timeMs });
  }
  const events = [...rows.map(({ timeMs }) => ({ key: name, timeMs })), ...beside]
    .sort((a, b) => a.timeMs - b.timeMs)
    .map((row, offset): Event => ({ ...row, values: [0], offset }));
  const lane = new Lane([silence()], { name: 'overdue', channels: ['value'] });
  try {
    const { anomalies = [] } = lane.push({ shard: 'overdue', rows: events, rejects: [], next: events.length });
    return anomalies.filter(({ status }) => status === 'open').map(({ startOffset }) => events[startOffset].timeMs);
  } finally {
    lane.close();
  }
}
