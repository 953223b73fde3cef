import type { Anomaly } from '../event.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';
import { rulesMax } from './alert-rule.js';

export const phases = { idle: 0, pending: 1, firing: 2 } as const;

/** What anomalies may be of; several of a key may be open at once: one that went silent while its values were strange. */
const kinds = [undefined, 'silence', 'together'] as const;

/**
 * What alerts are about, as bits of kinds: the key itself, or many keys at once, which are told under one of them. A rule
 * has an alert of each, so that neither is hidden in the other.
 */
export const abouts = { own: 0b011, crowd: 0b100 } as const;
export const slotsMax = 2 * rulesMax;

export const alertLayout = {
  /** Time of the last row. */
  clockMs: f64(),
  /** Which anomalies are open, one bit each: 1 of strange values, 2 of silence, 4 of many keys at once; and when each began. */
  open: u32(),
  startMs: f64(kinds.length),
  startOffset: f64(kinds.length),
  /**
   * The last anomaly as it stood, for alerts that fire or end later: JSON. One of many keys takes the second half while it is
   * open or its alert fires.
   */
  cardBytes: u32(2),
  card: u8(4096),
  /** One slot per rule and what it is about, found by the hash of its name: rules may come and go without the others losing their place. */
  rule: u32(slotsMax),
  phase: u32(slotsMax),
  /** Kind of the anomaly that it began with: 0 strange values, 1 silence, 2 many keys at once. */
  kind: u32(slotsMax),
  /** Since when rows have been abnormal, while the alert waits to fire. */
  sinceMs: f64(slotsMax),
  /** The last abnormal row. */
  hotMs: f64(slotsMax),
  /** Start of the anomaly that the alert began with: its id hangs on it. */
  bornMs: f64(slotsMax),
  bornOffset: f64(slotsMax),
  /** Start of the newest anomaly in it, how many there were, and alarms of those that are over. */
  lastMs: f64(slotsMax),
  episodes: u32(slotsMax),
  alarms: u32(slotsMax),
  severity: u32(slotsMax),
  revision: u32(slotsMax),
  toldMs: f64(slotsMax),
  /** No alert before this time. */
  quietMs: f64(slotsMax),
};
export type AlertRow = Row<typeof alertLayout>;

/** True where a row can change anything: most rows meet no anomaly and no alert. */
export function isBusy(own: AlertRow): boolean {
  if (own.open[0] > 0) return true;
  for (let slot = 0; slot < slotsMax; slot++) if (own.phase[slot] !== phases.idle) return true;
  return false;
}

export const kindOf = ({ kind }: Anomaly): number => kinds.indexOf(kind);

export const aboutOf = (kind: number): number => (((1 << kind) & abouts.crowd) !== 0 ? abouts.crowd : abouts.own);

/** The name of a rule's slot of many keys, from that of its own; and back. */
export const crowdHash = (hash: number): number => (hash ^ 0x9e3779b9) >>> 0;
