import { JudgeOf, judgeLayout, type Reasons } from '../../../operators/evidence/judge.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

/** A key of one channel that is noise up to row 500, and what follows. */
export function key(memory = 10_000) {
  const own = rowOf(judgeLayout(1));
  const judges = new JudgeOf(1, memory);
  let row = 0;
  const show = (value: number): Reasons => {
    row++;
    const seen = { timeMs: 60_000 * row, values: [value], tail: [0.5], expected: [0] };
    judges.judge(own, seen, row > 100);
    return judges.reasons();
  };
  const z = normal(chance(4));
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < 500; i++) {
    const value = z();
    [low, high] = [Math.min(low, value), Math.max(high, value)];
    show(value);
  }
  return { own, show, z, low, high };
}
