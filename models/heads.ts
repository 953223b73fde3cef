import { densityHead } from './density-head.js';
import { headed, type MakeHead } from './head.js';
import type { Model } from './model.js';
import { quantileHead } from './quantile-head.js';

/** Every head that any memory takes, by the name that pipelines use: one running normal density, a mixture of three, and quantiles. */
export const heads = {
  gaussian: densityHead(1, 1),
  density: densityHead(3),
  quantile: quantileHead,
} satisfies Record<string, MakeHead>;

/** Heads and what stands in their place: the distributions that an HTM tells by itself, or none. */
export const headNames = [...(Object.keys(heads) as (keyof typeof heads)[]), 'classifier', 'none'] as const;

export type HeadName = (typeof headNames)[number];

/** The memory with a head on it; as it is where the name stands for none. */
export const withHead = (model: Model, name: HeadName | undefined): Model =>
  Object.hasOwn(heads, name ?? 'none')
    ? headed(model, name as string, heads[name as keyof typeof heads] as unknown as MakeHead)
    : model;
