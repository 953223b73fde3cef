import { inputs } from '../net-past.js';
import type { randomOf } from '../random.js';
import type { Sequences } from './tfjs.js';

/** All rows of one key and channel: what a net is told of each, and what it should have said. */
export interface Course {
  /** Event time of each row, ascending. */
  readonly times: Float64Array;
  /** [rows][inputs] */
  readonly inputs: Float32Array;
  /** [rows][horizons] in units, NaN where there is none. */
  readonly targets: Float32Array;
}

/** Where a stretch of rows begins. */
interface Place {
  readonly course: Course;
  readonly row: number;
}

/** The time before which `share` of all rows lie. */
export function splitTime(courses: readonly Course[], share: number): number {
  const times = Float64Array.from(courses.flatMap(({ times }) => [...times])).sort();
  return times[Math.min(times.length - 1, Math.floor(share * times.length))];
}

/**
 * Rows to learn from and rows to be judged by, parted by time. A row is learned from only if its farthest target came before the
 * split: nothing that is judged was seen.
 */
export function split(courses: readonly Course[], atMs: number, far: number): { learn: Course[]; judge: Course[] } {
  const learn: Course[] = [];
  const judge: Course[] = [];
  for (const course of courses) {
    const first = course.times.findIndex((time) => time >= atMs);
    const from = first < 0 ? course.times.length : first;
    learn.push(part(course, 0, Math.max(0, from - far)));
    judge.push(part(course, from, course.times.length));
  }
  return { learn, judge };
}

function part({ times, inputs: told, targets }: Course, from: number, to: number): Course {
  const count = times.length === 0 ? 0 : targets.length / times.length;
  return {
    times: times.subarray(from, to),
    inputs: told.subarray(from * inputs, to * inputs),
    targets: targets.subarray(from * count, to * count),
  };
}

/** Stretches of `steps` rows that adjoin, the first of each course at a place of chance. */
export function places(courses: readonly Course[], steps: number, random?: () => number): Place[] {
  return courses.flatMap((course) => {
    const rows = course.times.length;
    const spare = Math.min(steps - 1, rows - steps);
    let row = random && spare > 0 ? Math.floor(((random() + 1) / 2) * (spare + 1)) : 0;
    const found: Place[] = [];
    for (; row + steps <= rows; row += steps) found.push({ course, row });
    return found;
  });
}

/** Some stretches as one batch. */
export function batchOf(some: readonly Place[], steps: number): Sequences {
  const [first] = some;
  const count = first.course.targets.length / first.course.times.length;
  const batch = {
    count: some.length,
    steps,
    inputs: new Float32Array(some.length * steps * inputs),
    targets: new Float32Array(some.length * steps * count),
  };
  some.forEach(({ course, row }, i) => {
    batch.inputs.set(course.inputs.subarray(row * inputs, (row + steps) * inputs), i * steps * inputs);
    batch.targets.set(course.targets.subarray(row * count, (row + steps) * count), i * steps * count);
  });
  return batch;
}

/** The same places in an order of chance. */
export function shuffled<T>(list: readonly T[], random: ReturnType<typeof randomOf>): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(((random() + 1) / 2) * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}
