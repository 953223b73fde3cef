import { kernels } from '../../models/kernels/index.js';
import type { Row } from '../../state/layout.js';
import { type RangeOptions, widthOf } from './range.js';
import { deviationOf, highestOf, lowestOf, meanOf, push, recentLayout } from './recent.js';
import { type Incident, learnNumber, news, trustLayout, unprecedented } from './trust.js';

/** Rows over which a number is looked at. */
const errorRows = 10;
const levelRows = 20;
const edgeRows = 40;
const longRows = 100;

/** State of one channel: its last values, errors and surprises, and all that each kind of number has ever been. */
export const noveltyLayout = {
  values: recentLayout(longRows),
  errors: recentLayout(errorRows),
  sides: recentLayout(longRows),
  surprises: recentLayout(longRows),
  value: trustLayout,
  level: trustLayout,
  slowLevel: trustLayout,
  spread: trustLayout,
  floor: trustLayout,
  ceiling: trustLayout,
  error: trustLayout,
  bias: trustLayout,
  surprise: trustLayout,
  single: trustLayout,
};
export type Novelty = Row<typeof noveltyLayout>;

/** What is slow or made by a memory leaves its range often and by little: that is no news. */
const drift = 0.05;

/** The kinds of numbers in the order in which their newness is told: where their past lies, what is no news, and what they weigh. */
const numbers = [
  { kind: 'value', past: 'value', noNews: 0, weight: 1 },
  { kind: 'level', past: 'level', noNews: 0, weight: 1 },
  // It tells of the same as the level, later.
  { kind: 'slow level', past: 'slowLevel', noNews: 0, weight: 0.5 },
  { kind: 'spread', past: 'spread', noNews: drift, weight: 1 },
  { kind: 'floor', past: 'floor', noNews: drift, weight: 1 },
  { kind: 'ceiling', past: 'ceiling', noNews: drift, weight: 1 },
  { kind: 'forecast error', past: 'error', noNews: drift, weight: 1 },
  { kind: 'forecast bias', past: 'bias', noNews: drift, weight: 1 },
  { kind: 'surprise', past: 'surprise', noNews: drift, weight: 1 },
  { kind: 'single error', past: 'single', noNews: drift, weight: 1 },
] as const;
export const noveltyKinds = numbers.map(({ kind }) => kind);
/** The one that a single row decides and that leaves no trace in those after it. */
const single = noveltyKinds.indexOf('single error');

const leastSpread = 1e-6;

const range: RangeOptions = { warmupRows: 30, memoryRows: 10_000 };

/**
 * How new what a channel shows is: the sum over several kinds of numbers of how far each is outside its own past, in
 * logarithms, so that one wild number does not drown the rest and two kinds say more than one. The kinds: the value; its
 * mean over a short and a long time, its spread; its floor and its ceiling (a load that no longer rests, a signal that no longer
 * peaks); the error of its forecast, its bias to one side, and the surprise; and the error of one row. What is said stands
 * until the next row of the channel.
 */
export class NoveltyOf {
  /** In all; without the error of the row alone; and without that, beside all that was ever seen, in incidents too. */
  newness = 0;
  lasting = 0;
  unprecedented = 0;
  /** Newness of each kind. */
  readonly parts = new Float64Array(numbers.length);

  readonly #numbers = new Float64Array(numbers.length);

  /** Looks at a row of the channel. */
  judge(own: Novelty, value: number, error: number, surprise: number): void {
    this.#look(own, value, error, surprise);
    this.lasting = 0;
    this.unprecedented = 0;
    for (let i = 0; i < numbers.length; i++) {
      const { past, noNews, weight } = numbers[i];
      this.parts[i] = weight * news(own[past], this.#numbers[i], range, noNews);
      if (i === single) continue;
      this.lasting += this.parts[i];
      this.unprecedented += weight * unprecedented(own[past], this.#numbers[i], range, noNews);
    }
    this.newness = this.lasting + this.parts[single];
  }

  /** Takes in the numbers that the row was judged by. */
  learn(own: Novelty, incident: Incident): void {
    for (let i = 0; i < numbers.length; i++) learnNumber(own[numbers[i].past], this.#numbers[i], range, incident);
  }

  /** The row has no value. */
  skip(): void {
    this.newness = 0;
    this.lasting = 0;
    this.unprecedented = 0;
    this.parts.fill(0);
    this.#numbers.fill(Number.NaN);
  }

  #look(own: Novelty, value: number, error: number, surprise: number): void {
    const { values, errors, sides, surprises } = own;
    const number = this.#numbers;
    push(values, value);
    number[0] = value;
    number[1] = meanOf(values, levelRows);
    number[2] = meanOf(values, longRows);
    number[3] = spread(own);
    number[4] = lowestOf(values, edgeRows);
    number[5] = highestOf(values, edgeRows);
    number.fill(Number.NaN, 6);
    if (Number.isNaN(error) || Number.isNaN(surprise)) return;
    push(errors, error);
    push(sides, Math.sign(error));
    push(surprises, surprise);
    number[6] = meanOf(errors, errorRows);
    number[7] = meanOf(sides, longRows);
    number[8] = meanOf(surprises, longRows);
    number[9] = error;
  }
}

/** Logarithm of the standard deviation of the last rows, down to a millionth of the range of the values. */
function spread({ values, value }: Novelty): number {
  return kernels.log(Math.max(deviationOf(values, longRows), leastSpread * widthOf(value.seen)));
}
