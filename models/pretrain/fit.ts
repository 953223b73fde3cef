import { randomOf } from '../random.js';
import type { Fitted } from './matrices.js';
import { batchOf, type Course, places, shuffled, split, splitTime } from './sequences.js';
import { type Backend, type Sequences, Trainer } from './tfjs.js';

export interface FitOptions {
  /** Times that all rows are gone through at most. */
  readonly epochs?: number;
  /** Epochs without a better judgement before it ends. */
  readonly patience?: number;
  /** Rows of one sequence, which begins without a past. */
  readonly steps?: number;
  /** Sequences of one batch. */
  readonly batch?: number;
  /** Share of the rows, the newest ones, that are judged by and not learned from. */
  readonly validation?: number;
  readonly rate?: number;
  readonly seed?: number;
  /** Told after every batch; false ends the fit with what is best so far. */
  readonly onProgress?: (progress: FitProgress) => boolean | undefined;
}

export interface FitProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Share of the epoch that is done. */
  readonly done: number;
  /** Loss of the last batch, and the judgement of the last epoch. */
  readonly loss: number;
  readonly validation: number | undefined;
}

/** What came of a fit; losses are Huber's, in units of the series. */
export interface Fit {
  readonly weights: Float32Array;
  /** Judgement of the weights it began with, and of those it ended with. */
  readonly before: number;
  readonly after: number;
  readonly epochs: number;
  readonly batches: number;
  readonly learnedRows: number;
  readonly judgedRows: number;
  /** Tensors held after the first and after the last batch: equal, or something leaks. */
  readonly tensors: readonly [number, number];
}

/** Fits the weights of one net to many courses at once, and keeps those that are best on the newest rows. */
export async function fitNet(
  backend: Backend,
  net: Fitted,
  start: Float32Array,
  courses: readonly Course[],
  options: FitOptions = {},
): Promise<Fit> {
  const { epochs = 40, patience = 6, steps = 64, batch = 16, validation = 0.2, seed = 1, rate = 2e-3 } = options;
  const far = net.horizons[net.horizons.length - 1];
  const { learn, judge } = split(courses, splitTime(courses, 1 - validation), far);
  const judged = inBatches(places(judge, steps), 64, steps);
  if (judged.length === 0 || places(learn, steps).length === 0) {
    throw new RangeError(
      `pretrain: expected at least ${steps} rows of one series to learn from and as many to be judged by, got ` +
        `${courses.map(({ times }) => times.length).join(', ') || 'none'}: give a longer log, or a smaller --steps`,
    );
  }
  const random = randomOf(seed);
  const trainer = new Trainer(backend, net, start, rate);
  try {
    const judgement = (): number => judged.reduce((sum, one) => sum + trainer.loss(one) * one.count, 0) / judgedCount;
    const judgedCount = judged.reduce((sum, { count }) => sum + count, 0);
    const before = judgement();
    let best: { epoch: number; loss: number; weights: Float32Array } = {
      epoch: 0,
      loss: before,
      weights: start.slice(),
    };
    let [batches, epoch] = [0, 0];
    let tensors: [number, number] = [0, 0];
    let going = true;
    while (going && epoch < epochs && epoch - best.epoch < patience) {
      epoch++;
      const mixed = inBatches(shuffled(places(learn, steps, random), random), batch, steps);
      for (const [i, one] of mixed.entries()) {
        const loss = trainer.step(one);
        const held = backend.tf.memory().numTensors;
        tensors = [batches === 0 ? held : tensors[0], held];
        batches++;
        const progress = { epoch, epochs, done: (i + 1) / mixed.length, loss, validation: best.loss };
        going = options.onProgress?.(progress) !== false;
        // Whoever wants to stop it, or to draw, gets a turn.
        await new Promise((resolve) => setImmediate(resolve));
        if (!going) break;
      }
      const loss = judgement();
      if (loss < best.loss) best = { epoch, loss, weights: trainer.weights() };
    }
    const rowsOf = (list: readonly Course[]) => list.reduce((sum, { times }) => sum + times.length, 0);
    const { weights, loss: after } = best;
    return {
      weights,
      before,
      after,
      epochs: epoch,
      batches,
      learnedRows: rowsOf(learn),
      judgedRows: rowsOf(judge),
      tensors,
    };
  } finally {
    trainer.dispose();
  }
}

function inBatches(list: ReturnType<typeof places>, size: number, steps: number): Sequences[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    batchOf(list.slice(i * size, (i + 1) * size), steps),
  );
}
