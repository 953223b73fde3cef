import type { Field, Sight } from './fields.js';
import type { UnexpectedField } from './model.js';

export interface FieldsSeen {
  readonly fields: readonly Field[];
  /** First bit of each. */
  readonly starts: readonly number[];
  readonly columns: number;
  /** Permanence from which on a column sees a bit, in 255ths. */
  readonly level: number;
}

/** Fields that are told, and the share from which on. */
const told = 4;
const leastShare = 0.2;
/** Predicted columns that are asked, at most. */
const askedMax = 96;

/**
 * What of a row had not been expected. Each predicted column speaks for the bits that it sees, so what was expected of a
 * field is the point whose bits they speak for most; the share is how far what came falls behind it:
 * 1 − (support − chance) / (best − chance), where chance is what any bits of the field get.
 * Known weakness: where much is predicted at once, all points get support and the shares are small.
 */
export function unexpectedFields({ fields, starts, columns, level }: FieldsSeen) {
  // Both are written before they are read.
  const support = new Float64Array(fields.reduce((sum, { size }) => sum + size, 0));
  const bits = new Uint32Array(Math.max(...fields.map(({ width }) => width)));

  const supportOf = (field: Field, point: number): number => {
    const end = field.write(point, 0, bits, 0);
    let sum = 0;
    for (let i = 0; i < end; i++) sum += support[bits[i]];
    return sum;
  };

  /** How many predicted columns see each bit of a field, from 0; their mean. */
  function listen(permanence: Uint8Array, predicted: readonly number[], from: number, size: number): number {
    let all = 0;
    for (let bit = 0; bit < size; bit++) {
      let sum = 0;
      const row = (from + bit) * columns;
      for (const column of predicted) if (permanence[row + column] >= level) sum++;
      support[bit] = sum;
      all += sum;
    }
    return all / size;
  }

  return (
    permanence: Uint8Array,
    expected: Uint32Array,
    { points, before, sight }: { points: Float64Array; before: Float64Array; sight: Sight },
  ): readonly UnexpectedField[] => {
    const predicted: number[] = [];
    for (let column = 0; column < columns; column++) if (expected[column] > 0) predicted.push(column);
    // Nothing at all had been expected: no field stands out.
    if (predicted.length === 0) return [];
    // A part of many says as much, and keeps the time of a step.
    const every = Math.ceil(predicted.length / askedMax);
    const asked = predicted.filter((_, i) => i % every === 0);
    const found: UnexpectedField[] = [];
    fields.forEach((field, f) => {
      if (Number.isNaN(points[f])) return;
      const chance = listen(permanence, asked, starts[f], field.size) * field.width;
      const own = supportOf(field, points[f]);
      let best = own;
      let instead = points[f];
      for (const point of field.others(points[f], before[f])) {
        const other = supportOf(field, point);
        if (other <= best) continue;
        best = other;
        instead = point;
      }
      const share = best > chance ? Math.min(1, 1 - (own - chance) / (best - chance)) : 0;
      if (share >= leastShare) found.push({ field: field.name, share, instead: field.say(instead, sight) });
    });
    return found.sort((a, b) => b.share - a.share).slice(0, told);
  };
}
