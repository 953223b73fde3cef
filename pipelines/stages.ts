import { align, dropFilled } from '../operators/align.js';
import type { AnyStage } from '../operators/chain.js';
import { type Branch, type ChallengeOptions, challenge } from '../operators/challenge.js';
import type { Contestant } from '../operators/contest.js';
import { detect } from '../operators/detect.js';
import { episode } from '../operators/episode.js';
import { evaluate } from '../operators/evaluate.js';
import { htmDetect } from '../operators/htm-detect.js';
import { interval } from '../operators/interval.js';
import { normalize } from '../operators/normalize.js';
import { remember } from '../operators/remember.js';
import { reorder } from '../operators/reorder.js';
import { seasons } from '../operators/seasons.js';
import { silence } from '../operators/silence.js';
import { together } from '../operators/together.js';
import type { AlertSpec } from './alert-spec.js';
import type { Budget } from './budget.js';
import { type Pipeline, pipeline } from './pipeline.js';

/** Operators that answer every row at once with one row: those of which a configuration under challenge is made. */
const prompt = { normalize, seasons, remember, interval, detect, 'htm-detect': htmDetect };
export type PromptName = keyof typeof prompt;
export const promptNames = Object.keys(prompt) as PromptName[];

/** A configuration under challenge as plain JSON. */
export interface BranchSpec {
  readonly name: string;
  readonly stages: readonly {
    [N in PromptName]: { readonly [K in N]: Parameters<(typeof prompt)[N]>[0] };
  }[PromptName][];
}

/** What `challenge` is told in JSON. */
export interface ChallengeSpec extends Omit<ChallengeOptions<Contestant>, 'champion' | 'challenger'> {
  readonly champion: BranchSpec;
  readonly challenger: BranchSpec;
}

function branchOf({ name, stages: specs }: BranchSpec): Branch<Contestant> {
  return specs.reduce<Pipeline>((made, spec) => {
    const [[of, options]] = Object.entries(spec) as [PromptName, object][];
    return made.through((prompt[of] as (options: object) => AnyStage)(options));
  }, pipeline(name)) as Pipeline<Contestant>;
}

/** Every operator a pipeline may be written with, by its name in JSON. */
export const stages = {
  reorder,
  align,
  ...prompt,
  challenge: ({ champion, challenger, ...options }: ChallengeSpec) =>
    challenge({ ...options, champion: branchOf(champion), challenger: branchOf(challenger) }),
  episode,
  silence,
  together,
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
  /** What becomes an alert, and where alerts go. */
  readonly alerts?: AlertSpec;
}

/** Steps that tell scores and alarms; a pipeline has one of them. */
export const detectors: readonly string[] = ['detect', 'htm-detect'];

/** Steps that must stand before a step, because they make what it reads; any of the detectors stands for `detect`. */
export const needs: Partial<Record<string, readonly string[]>> = {
  interval: ['remember'],
  detect: ['interval'],
  episode: ['interval', 'detect'],
  together: ['interval'],
  evaluate: ['interval'],
};
