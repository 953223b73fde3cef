import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { shapeLayout, shapeWarmupRows, strangeness } from './shape.js';

/** State of one channel for evidence that lasts. */
export const sustainedLayout = {
  shape: shapeLayout,
  /** Running means of the window's distance, and of the size of forecast errors: lately, and in all. */
  distance: f64(),
  errorLately: f64(),
  error: f64(),
  errors: u32(),
};
export type Sustained = Row<typeof sustainedLayout>;

/** Rows that evidence lasts. */
const latelyRows = 100;
const newestRows = 150;
/** Errors beyond so many usual ones count as so many for what is usual. */
const errorMax = 5;
/** Windows and errors that are smaller than usual say less of what is wrong than newness does: they count as this at least. */
const leastDistance = 0.8;
const leastError = 1;
/** Weight of newness beside the two others, of which errors count by their square root: half as much as shape. */
const newestWeight = 0.3;

/**
 * How strange the last hundred rows of a channel are, a logarithm: window shape and size of forecast errors, each against
 * its own past, multiplied. NaN until the shape of windows is known.
 */
export function lasting(own: Sustained, value: number, error: number, memoryRows: number): number {
  const distance = strangeness(own.shape, value, memoryRows);
  if (!Number.isNaN(error))
    own.errorLately[0] += (usual(own, Math.abs(error), memoryRows) - own.errorLately[0]) / latelyRows;
  if (Number.isNaN(distance)) return Number.NaN;
  const rate = 1 / Math.min(own.shape.windows[0] - shapeWarmupRows, latelyRows);
  own.distance[0] += rate * (distance - own.distance[0]);
  return (
    kernels.log(Math.max(leastDistance, own.distance[0])) + 0.5 * kernels.log(Math.max(leastError, own.errorLately[0]))
  );
}

/** What is new of a key lasts too: the newest of late, fading. */
export const newestLayout = { newest: f64() };

type Newest = Row<typeof newestLayout>;

/** A row passes. */
export function fadeNewness({ newest }: Newest): void {
  newest[0] *= 1 - 1 / newestRows;
}

/** Takes in what is new. */
export function noteNewness({ newest }: Newest, newness: number): void {
  newest[0] = Math.max(newness, newest[0]);
}

/** How much what was new adds to evidence that lasts, a logarithm. */
export const lastingNewness = ({ newest }: Newest): number => kernels.log1p(newestWeight * newest[0]);

/** The size of an error in usual ones, which then learn it. */
function usual(own: Sustained, size: number, memoryRows: number): number {
  const known = own.errors[0] > latelyRows;
  const taken = known ? Math.min(size, errorMax * own.error[0]) : size;
  own.errors[0]++;
  own.error[0] += (taken - own.error[0]) / Math.min(own.errors[0], memoryRows);
  return known && own.error[0] > 0 ? size / own.error[0] : 1;
}
