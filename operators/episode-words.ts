import type { Anomaly, Quantity } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import { sentenceOf, type Told } from './peak-words.js';
import { inWords, short } from './quantity.js';

/** The numbers of an anomaly that its sentence is about. */
type Numbers = Pick<Anomaly, 'channel' | 'actual' | 'expected' | 'low' | 'high' | 'alarms' | 'startMs' | 'endMs'>;

/** What else is known of it. */
interface Known {
  readonly told: Told;
  /** What was out of range, and whether it is of the key as a whole and not of its channel. */
  readonly quantity?: Quantity | undefined;
  readonly ofKey?: boolean | undefined;
  readonly cause?: string | undefined;
  readonly marked?: Anomaly['marked'] | undefined;
}

/** What happened at the peak in one sentence, and how many alarms there were if there was more than one. */
export function why(numbers: Numbers, { told, quantity, ofKey, marked, cause = alone }: Known): string {
  const { channel, actual, expected, low, high, alarms, startMs, endMs } = numbers;
  const said = marked ? `; like what was marked as ${marked.verdict}: ${barOf(marked.nats)}` : '';
  const more = `${alarms === 1 ? '' : `; ${alarms} alarms in ${span(endMs - startMs)}`}${said}`;
  const words = sentenceOf(channel, told);
  if (told.word) return `${words}${more}`;
  const fields = words === undefined ? '' : `; ${words}`;
  if (quantity && !ofKey) return `${channel}: ${inWords(quantity)}${fields}${more}`;
  const about = quantity ? inWords(quantity) : cause;
  if (Number.isNaN(actual) || Number.isNaN(expected)) {
    return quantity ? `${about}${more}` : `${channel} was not as it used to be${more}`;
  }
  const band = Number.isNaN(low) ? '' : ` (${short(low)} to ${short(high)})`;
  const row = `${channel} ${short(actual)} where ${short(expected)}${band} was expected`;
  if (actual >= low && actual <= high) return `${row}: ${about}${fields}${more}`;
  return `${row}: ${apart(actual, expected)}${fields}${more}`;
}

/** What marks weigh on an alarm that had to be so many nats rarer; nothing once it has all but faded. */
export function markedBy(nats: number): Anomaly['marked'] {
  if (Math.abs(nats) < leastNats) return undefined;
  return { verdict: nats > 0 ? 'expected' : 'real', nats };
}
const leastNats = 0.05;

/** How much rarer it had to be, as a factor. */
const barOf = (nats: number): string =>
  nats > 0 ? `it had to be ${factor(nats)} times as rare` : `it could be ${factor(-nats)} times as common`;
const factor = (nats: number): string => short(kernels.exp(nats), 2);

const alone = 'strange together with the rows before it';

/** How far off, as a factor where that says something, else as a difference. */
function apart(actual: number, expected: number): string {
  const factor = actual / expected;
  if (factor >= 2 && factor < 1000 && expected > 0) return `${short(factor, 2)} times as high`;
  if (factor >= 1.2 && factor < 2 && expected > 0) return `${short(100 * (factor - 1), 2)} % higher`;
  if (factor > 0.001 && factor <= 1 / 1.2 && expected > 0) return `${short(100 * (1 - factor), 2)} % lower`;
  return `${short(Math.abs(actual - expected), 4)} ${actual > expected ? 'higher' : 'lower'}`;
}

const spans = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1000],
] as const;

function span(ms: number): string {
  const [unit, unitMs] = spans.find(([, atLeast]) => ms >= 2 * atLeast) ?? ['ms', 1];
  return `${short(ms / unitMs, 3)} ${unit}`;
}
