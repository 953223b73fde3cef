import type { Event } from '../event.js';
import type { Stage } from '../operators/stage.js';
import type { AlertSpec } from './alert-spec.js';
import { type Budget, checkBudget } from './budget.js';
import type { AnyStage } from './lane.js';

/** Steps in order, under a name; `B` is what the last step makes of an event. */
export interface Pipeline<B = unknown> {
  readonly name: string;
  readonly stages: readonly AnyStage[];
  /** How much state it may keep. */
  readonly budget?: Budget | undefined;
  /** What its alerts are and where they go, where it makes any. */
  readonly alerts?: AlertSpec;
  /** The same pipeline with one more step. */
  through<C>(stage: Stage<B, C>): Pipeline<C>;
  /** The same pipeline with a budget: what the old one named and this one does not stays. */
  within(budget: Budget): Pipeline<B>;
}

/** A pipeline without steps, to be continued with `.through(step)`; the compiler checks that the steps fit. */
export function pipeline(name: string): Pipeline<Event> {
  return build<Event>(name, []);
}

function build<B>(name: string, stages: readonly AnyStage[], budget?: Budget): Pipeline<B> {
  return {
    name,
    stages,
    budget,
    through(stage) {
      if (stages.some(({ id }) => id === stage.id)) {
        throw new RangeError(`pipeline ${name}: expected every step once, got ${stage.id} twice`);
      }
      return build(name, [...stages, stage], this.budget);
    },
    within(more) {
      return { ...this, budget: { ...this.budget, ...checkBudget(more) } };
    },
  };
}

/**
 * All that a checkpoint must agree with, as text: the steps with their settings, the channels, and what the source says
 * its rows hang on. How many keys a step may hold is left out: a limit that was reached can be raised without starting
 * afresh.
 */
export function identityOf({ name, stages }: Pipeline, channels: readonly string[], log?: string): string {
  const settingsOf = (settings: unknown): object => ({ ...(settings as object | undefined), keys: undefined });
  return JSON.stringify(
    {
      name,
      channels,
      log,
      stages: stages.filter(({ aside }) => !aside).map(({ id, settings }) => ({ [id]: settingsOf(settings) })),
    },
    null,
    1,
  );
}
