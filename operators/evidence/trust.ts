import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u8, u32 } from '../../state/layout.js';
import {
  distance,
  type Edges,
  outside,
  type RangeOptions,
  rangeLayout,
  remember,
  take,
  widen,
  within,
} from './range.js';
import { isStrange } from './rarity.js';

/** Rows after the last new one in which an incident is on, and in which what has stayed is learnt. */
const incidentRows = 60;
const learningRows = 20;

/**
 * The incident of a key: rows left of it, 0 when there is none. It begins with what is strange and lasts while there is more
 * that is new; behind it what has stayed is learnt, and then what came in it alone is no longer known. It does not depend on
 * the budget of alarms, so a key learns the same whatever its neighbours do.
 */
export const incidentLayout = { left: u32() };
export type Incident = Row<typeof incidentLayout>;

/** A row passes. */
export function passIncident({ left }: Incident, newness: number, rarity: number): void {
  if (isStrange(rarity) || (newness > 0 && left[0] > 0)) left[0] = incidentRows + learningRows;
  else if (left[0] > 0) left[0]--;
}

/**
 * What a number used to be: all of it, and what is trusted. In an incident it is known and not trusted what comes; so the next
 * incident is as new as the first, and what comes in two of them is trusted from then on.
 */
export const trustLayout = {
  seen: rangeLayout,
  trusted: rangeLayout,
  /** 1 while there is something of an incident that is not trusted: from where to where, and what had been seen before it. */
  held: u8(),
  heldLow: f64(),
  heldHigh: f64(),
  beforeLow: f64(),
  beforeHigh: f64(),
};
export type Trust = Row<typeof trustLayout>;

/** Share of a range that is little: as far outside says something. */
const little = 0.01;

const nats = (far: number, noNews: number): number => (far > noNews ? kernels.log1p((far - noNews) / little) : 0);

/** Where what is known lies. */
export function edgesOf({ trusted, held, heldLow, heldHigh }: Trust): Edges {
  const { lowest, highest } = trusted;
  if (held[0] === 0) return { low: lowest[0], high: highest[0] };
  return { low: Math.min(lowest[0], heldLow[0]), high: Math.max(highest[0], heldHigh[0]) };
}

/** What was known before `x`, of which `news` had told so many nats, was taken in: only the edge on its side has moved. */
export function edgesBefore(own: Trust, x: number, nats: number, noNews: number, options: RangeOptions): Edges {
  const { low, high } = edgesOf(own);
  const far = noNews + little * (kernels.exp(nats) - 1);
  const above = x - low > high - x;
  const width = Math.max(options.leastWidth ?? 0, (above ? x - low : high - x) / (1 + far));
  return above ? { low, high: x - far * width } : { low: x + far * width, high };
}

/** Logarithm of how far a number lies outside what is known, beyond a share of it that is no news. */
export function news(own: Trust, x: number, options: RangeOptions, noNews: number): number {
  if (!Number.isFinite(x) || own.trusted.rows[0] < options.warmupRows) return 0;
  const { low, high } = edgesOf(own);
  return nats(outside(x, low, high, options.leastWidth), noNews);
}

/** The same of all that was ever seen, in incidents too. */
export function unprecedented({ seen }: Trust, x: number, options: RangeOptions, noNews: number): number {
  return Number.isFinite(x) ? nats(distance(seen, x, options), noNews) : 0;
}

/** Takes a number in, NaN where there is none, in the incident as it is after its row. */
export function learnNumber(own: Trust, x: number, options: RangeOptions, { left }: Incident): void {
  if (Number.isFinite(x)) {
    if (left[0] > learningRows) hold(own, x, options);
    else remember(own.trusted, x, options);
    remember(own.seen, x, options);
  }
  if (left[0] === 0 && own.held[0] === 1) settle(own, options);
}

/** Keeps what lies outside of what is trusted for the time of the incident. */
function hold(own: Trust, x: number, options: RangeOptions): void {
  const { seen, trusted, held, heldLow, heldHigh } = own;
  const lowest = trusted.lowest[0];
  const highest = trusted.highest[0];
  const inside = Math.max(lowest, Math.min(highest, x));
  if (trusted.rows[0] < options.warmupRows || inside === x) {
    remember(trusted, x, options);
    return;
  }
  if (held[0] === 0) {
    held[0] = 1;
    heldLow[0] = lowest;
    heldHigh[0] = highest;
    own.beforeLow[0] = seen.lowest[0];
    own.beforeHigh[0] = seen.highest[0];
  }
  const { low, high } = edgesOf(own);
  const known = within(x, low, high, options);
  heldLow[0] = Math.min(heldLow[0], known);
  heldHigh[0] = Math.max(heldHigh[0], known);
  take(trusted, inside, options);
}

/** The incident is over: of what came in it that is trusted which had been seen before. */
function settle(own: Trust, options: RangeOptions): void {
  own.held[0] = 0;
  widen(own.trusted, Math.max(own.heldLow[0], own.beforeLow[0]), Math.min(own.heldHigh[0], own.beforeHigh[0]), options);
}
