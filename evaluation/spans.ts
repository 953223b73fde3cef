import type { Anomaly, Batch, Event } from '../event.js';
import { detect, type EvidenceName } from '../operators/detect.js';
import { episode } from '../operators/episode.js';
import { interval } from '../operators/interval.js';
import { normalize } from '../operators/normalize.js';
import { remember } from '../operators/remember.js';
import { seasons } from '../operators/seasons.js';
import { Lane } from '../pipelines/lane.js';
import { pipeline } from '../pipelines/pipeline.js';
import { graceRows, injectedSeries, injectionKinds, strengths } from './data/injected.js';
import type { LabelledSeries } from './data/nab.js';

/** What anomalies say of the one window of a series. */
export interface SpanRow {
  /** An alarm lies in it. */
  readonly found: boolean;
  /** The first anomaly that touches it begins and ends at one row. */
  readonly point: boolean;
  /** Rows that are in the window and in an anomaly, as a share of those that are in either. */
  readonly overlap: number;
  /** Rows from where it begins and ends to where anomalies say so. */
  readonly begins: number;
  readonly ends: number;
  /** The peak of the first one is a row of the window. */
  readonly peaks: boolean;
}

/** Every kind of injected anomaly in every strength, in so many series each. */
export const injectedSpans = (evidence: EvidenceName, seeds: number): Map<string, readonly SpanRow[]> =>
  new Map(
    injectionKinds.map((kind) => [
      kind,
      strengths.flatMap((_, strength) =>
        Array.from({ length: seeds }, (_, seed) => runSpans(injectedSeries(kind, strength, seed), evidence)),
      ),
    ]),
  );

/** Runs a series with one window through the default pipeline, and holds what its anomalies say against the window. */
export function runSpans(
  { channels, rows, windows: [[first, last]] }: LabelledSeries,
  evidence: EvidenceName,
): SpanRow {
  const { stages } = pipeline('spans')
    .through(normalize())
    .through(seasons())
    .through(remember({ memory: 'default', horizons: [1] }))
    .through(interval())
    .through(detect({ evidence }))
    .through(episode());
  const lane = new Lane<Event>(stages, { name: 'spans', channels });
  const events = rows.map(({ timeMs, values }, offset): Event => ({ key: 'k', timeMs, values, offset }));
  const batch: Batch<Event> = { shard: 'spans', rows: events, rejects: [], next: rows.length, ends: true };
  const { anomalies = [] } = lane.push(batch);
  lane.close();
  // An alarm is right for some rows behind what it is about, which are no part of it.
  return spanRow(anomalies, first, last - graceRows, last);
}

/** What anomalies say of a window from row `first` to `last`; alarms up to `until` find it. */
export function spanRow(anomalies: readonly Anomaly[], first: number, last: number, until: number): SpanRow {
  const touching = anomalies.filter(({ startOffset, endOffset }) => startOffset <= until && endOffset >= first);
  const [head] = touching;
  if (!head) {
    return { found: false, point: false, overlap: 0, begins: Number.NaN, ends: Number.NaN, peaks: false };
  }
  const told = new Set<number>();
  for (const { startOffset, endOffset } of touching) {
    for (let row = startOffset; row <= endOffset; row++) told.add(row);
  }
  let both = 0;
  for (let row = first; row <= last; row++) if (told.has(row)) both++;
  const tail = Math.max(...touching.map(({ endOffset }) => endOffset));
  return {
    found: true,
    point: touching.every(({ startOffset, endOffset }) => startOffset === endOffset),
    overlap: both / (told.size + (last - first + 1) - both),
    begins: head.startOffset - first,
    ends: tail - last,
    peaks: head.peakOffset >= first && head.peakOffset <= last,
  };
}
