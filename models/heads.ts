import { densityHead } from './density-head.js';
import { headed, type MakeHead } from './head.js';
import type { Model } from './model.js';
import { quantileHead } from './quantile-head.js';

/** Every head by the name that pipelines use: one running normal density, a mixture of three, and quantiles. */
export const heads = {
  gaussian: densityHead(1, 1),
  density: densityHead(3),
  quantile: quantileHead,
} satisfies Record<string, MakeHead>;

export type HeadName = keyof typeof heads;

/** The memory with a head on it. */
export const withHead = (model: Model, name: HeadName): Model =>
  headed(model, name, heads[name] as unknown as MakeHead);
