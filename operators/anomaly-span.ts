import { type Anomaly, type Severity, severities } from '../event.js';

type Cell = ArrayLike<number>;

/** State of an anomaly that is open, as every step that tells of one keeps it: a cell each. */
export interface AnomalySpan {
  readonly startMs: Cell;
  readonly endMs: Cell;
  readonly startOffset: Cell;
  readonly endOffset: Cell;
  readonly peakMs: Cell;
  readonly peakOffset: Cell;
  readonly alarms: Cell;
  /** Index into `severities`. */
  readonly severity: Cell;
  readonly score: Cell;
}

/** Where an anomaly lies, and how grave it is, as it is told. */
export const spanOf = (own: AnomalySpan): Pick<Anomaly, keyof AnomalySpan> => ({
  startMs: own.startMs[0],
  endMs: own.endMs[0],
  startOffset: own.startOffset[0],
  endOffset: own.endOffset[0],
  peakMs: own.peakMs[0],
  peakOffset: own.peakOffset[0],
  alarms: own.alarms[0],
  severity: severities[own.severity[0]] as Severity,
  score: own.score[0],
});
