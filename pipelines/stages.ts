import { align, dropFilled } from '../operators/align.js';
import { detect } from '../operators/detect.js';
import { episode } from '../operators/episode.js';
import { evaluate } from '../operators/evaluate.js';
import { interval } from '../operators/interval.js';
import { normalize } from '../operators/normalize.js';
import { remember } from '../operators/remember.js';
import { reorder } from '../operators/reorder.js';
import { seasons } from '../operators/seasons.js';
import type { Budget } from './budget.js';

/** Every operator a pipeline may be written with, by its name in JSON. */
export const stages = {
  reorder,
  align,
  normalize,
  seasons,
  remember,
  interval,
  detect,
  episode,
  evaluate,
  'drop-filled': (_: Readonly<Record<never, never>>) => dropFilled(),
};

export type StageName = keyof typeof stages;
export const stageNames = Object.keys(stages) as StageName[];

/** The options of an operator: its first argument. */
export type StageOptions<N extends StageName> = NonNullable<Parameters<(typeof stages)[N]>[0]>;

/** One step as plain JSON: the operator's name, and its options. */
export type StageSpec = { [N in StageName]: { readonly [K in N]: StageOptions<N> } }[StageName];

/** A pipeline as plain JSON. */
export interface PipelineSpec {
  readonly name: string;
  /** One line for lists. */
  readonly about?: string;
  /** How much state it may keep. */
  readonly budget?: Budget;
  readonly stages: readonly StageSpec[];
}

/** Steps that must stand before a step, because they make what it reads. */
export const needs: Partial<Record<string, readonly string[]>> = {
  interval: ['remember'],
  detect: ['interval'],
  episode: ['detect'],
  evaluate: ['interval'],
};
