import { Observable } from 'rxjs';
import type { Batch, Event, Reject } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import type { Bundle } from '../state/arrow.js';
import type { KeyLimit } from '../state/keys.js';
import { type Layout, rowBytes } from '../state/layout.js';
import { resetBet } from './bet.js';
import { type AnyStage, Chain, toldBy } from './chain.js';
import { type Contestant, contestLayouts, contestOf, type Standing, type Totals } from './contest.js';
import { checkNames, checkNumber, shown } from './options.js';
import { scoredHorizons } from './scores.js';
import { extended, keyed, type Opened, type Shard, type Stage } from './stage.js';
import { checkSwaps, pass, type Role, refuseOtherPast, roles, type Swap, swapsOf } from './swaps.js';

/** One configuration: a pipeline of steps that answer every row with one row. `B` is what they make of an event. */
export interface Branch<B> {
  readonly name: string;
  readonly stages: readonly AnyStage[];
  through<C>(stage: Stage<B, C>): unknown;
}

export interface ChallengeOptions<B> {
  readonly champion: Branch<B>;
  readonly challenger: Branch<B>;
  /** Who takes charge where, by ascending offsets; may be changed from run to run for offsets that are still to come. */
  readonly swaps?: readonly Swap[];
  /**
   * Swaps each key by itself when its evidence, a test that may be looked at after every row, says that the shadow
   * forecasts the next row better: wrongly with probability at most `alpha` per swap. Absent: only named swaps.
   */
  readonly automatic?: { readonly alpha: number };
  /** Which of the forecast horizons are compared, 1 among them; default all, or six spread over them. */
  readonly horizons?: readonly number[];
  readonly keys?: KeyLimit;
}

/** What is added to the row of who is in charge. */
export interface Challenged<B> {
  readonly by: Role;
  /** What the other one made of the same event; absent where it refused it. */
  readonly shadow: B | undefined;
}

/** An event with what both made of it. */
interface Pair<B> extends Event {
  readonly answers: readonly [B | Reject, B | Reject];
  readonly filled?: boolean;
  readonly gap?: boolean;
}

/** Pending forecasts of one key may take so much room. */
const pendingBytesMax = 1 << 20;

/**
 * Runs a second configuration in the shadow of the first: both learn from the same events, both are scored when the rows
 * they forecast have come (`comparisonOf`), one of them is in charge of the results. A swap at a named offset puts the
 * other one in charge from that row on; a swap back is the roll back, to a champion that has learned all the while. Who
 * is in charge of a row follows from the configuration, its offset and the past of its key: a replay gives the same
 * bytes. The state remembers the swaps it has passed, and is refused by a configuration that says otherwise of them.
 */
export function challenge<A extends Event, B extends Contestant>(
  options: ChallengeOptions<B>,
): Stage<A, A & B & Challenged<B>> {
  const { swaps = [], automatic, horizons, keys } = options;
  checkNames('challenge', options, ['champion', 'challenger', 'swaps', 'automatic', 'horizons', 'keys']);
  checkSwaps(swaps);
  if (automatic) checkNumber('challenge.automatic.alpha', automatic.alpha, { min: 1e-12, max: 0.5 });
  for (const horizon of horizons ?? []) checkNumber('challenge.horizons', horizon, { min: 1, whole: true });
  const branches = roles.map((role) => options[role]);
  const [told, other] = branches.map(({ stages }) => toldBy(stages));
  checkShape('horizons', told.horizons, other.horizons);
  checkShape('levels', told.levels, other.levels);
  const { judge: detector, ...known } = told; // Of two detectors none is named.
  const sameParts = shown(told.members) === shown(other.members);
  const settings = {
    ...Object.fromEntries(branches.map((branch, i) => [roles[i], describe(branch)])),
    automatic,
    horizons,
    keys,
  };
  const judge = judgeOf<A, B>(options, settings);
  return {
    id: 'challenge',
    settings,
    tells: { ...(detector?.name === other.judge?.name ? told : known), members: sameParts ? (told.members ?? []) : [] },
    wants(shard) {
      const prefixed = branches.flatMap(({ stages }, i) => {
        let known = shard;
        return stages.flatMap((stage) => {
          const wants = stage.wants?.(known) ?? [];
          known = { ...known, ...stage.tells };
          return wants.map((want) => ({ ...want, id: `${roles[i]}.${want.id}` }));
        });
      });
      return [...prefixed, ...(judge.wants?.({ ...shard, ...told }) ?? [])];
    },
    open(shard, saved) {
      const chains = branches.map(
        ({ stages }, i) => new Chain(stages, shard, (id) => saved && part(saved, `${roles[i]}.${id}.`)),
      );
      let last: Opened<Pair<B>, A & B & Challenged<B>>;
      try {
        if (saved) refuseOtherPast(saved, swapsOf(swaps, shard.name), shard.name);
        last = judge.open({ ...shard, ...told }, saved);
      } catch (error) {
        for (const chain of chains) chain.close();
        throw error;
      }
      return {
        operator: (source) => answered<A, B>(source, chains).pipe(last.operator),
        save: () => ({
          ...last.save(),
          ...Object.assign({}, ...chains.map((chain, i) => named(chain.save(), roles[i]))),
        }),
        close() {
          for (const chain of chains) chain.close();
          last.close();
        },
      };
    },
  };
}

/** The last part of the step: what both are worth, and who is in charge of a row. */
function judgeOf<A extends Event, B extends Contestant>(
  { swaps = [], automatic, horizons: scored, keys }: ChallengeOptions<B>,
  settings: unknown,
): Stage<Pair<B>, A & B & Challenged<B>> {
  const threshold = automatic ? -kernels.log(automatic.alpha) : Number.POSITIVE_INFINITY;
  type Layouts = ReturnType<typeof contestLayouts>;
  return keyed<Layouts['shared'], Layouts['keyed'], Pair<B>, A & B & Challenged<B>>('challenge', settings, (shard) => {
    const plan = planOf(shard, scored);
    const { shared, keyed: layout } = contestLayouts(plan);
    const contest = contestOf(plan);
    const mine = swapsOf(swaps, shard.name);
    /** The later counts of the named swap and the one that the evidence made. */
    const inCharge = ({ swappedAt, swappedTo }: Standing, offset: number): number => {
      const last = mine.findLast(({ at }) => at <= offset);
      if (swappedAt[0] > 0 && swappedAt[0] - 1 >= (last?.at ?? 0)) return swappedTo[0];
      return last ? roles.indexOf(last.to) : 0;
    };
    return {
      id: 'challenge',
      version: '1',
      keys,
      shared,
      layout,
      init(totals) {
        totals.horizon.set(plan.horizons);
        totals.level.set(plan.levels);
      },
      initKey: (_, own) => contest.forget(own),
      step(totals, own, row, out) {
        const { answers, offset } = row;
        const both = answers.map((answer) => ('reason' in answer ? undefined : answer)) as [B?, B?];
        pass(totals, mine, offset);
        if (row.gap) contest.forget(own);
        takeCharge(own, inCharge(own, offset));
        contest.see(totals, own, row, own.role[0], [both[0], both[1]]);
        if (own.bet.logCapital[0] >= threshold) {
          own.swappedAt[0] = offset + 1;
          own.swappedTo[0] = 1 - own.role[0];
          totals.swaps[0]++;
          takeCharge(own, own.swappedTo[0]);
        }
        const role = own.role[0];
        tally(totals, both, role);
        const answer = answers[role];
        if ('reason' in answer) out.reject(row, answer.reason, `${roles[role]}: ${answer.message}`);
        else out.emit(extended(answer as A & B, { by: roles[role], shadow: both[1 - role] }));
      },
    };
  });
}

/** Evidence is against who is in charge, so with another one it begins anew. */
function takeCharge(own: Standing, role: number): void {
  if (own.role[0] === role) return;
  own.role[0] = role;
  resetBet(own.bet);
}

function tally(totals: Totals, both: readonly [Contestant?, Contestant?], role: number): void {
  totals.inCharge[role]++;
  const whole = both[0] !== undefined && both[1] !== undefined;
  if (whole) totals.answered[0]++;
  for (let i = 0; i < both.length; i++) {
    if (both[i] === undefined) totals.refused[i]++;
    else if (whole && both[i]?.alarm) totals.alarms[i]++;
  }
}

function planOf(shard: Shard, scored: readonly number[] | undefined) {
  const horizons = scoredHorizons('challenge', scored && [1, ...scored], shard);
  const plan = {
    channels: shard.channels.length,
    horizons,
    at: horizons.map((horizon) => shard.horizons?.indexOf(horizon) as number),
    forecastHorizons: shard.horizons?.length ?? 0,
    levels: shard.levels ?? [],
  };
  if (plan.levels.length === 0) {
    throw new RangeError('challenge: expected quantiles from both, found none: add interval to both');
  }
  const pendingBytes = rowBytes(contestLayouts(plan).keyed as Layout);
  if (pendingBytes > pendingBytesMax) {
    throw new RangeError(
      `challenge.horizons: expected pending forecasts of at most ${pendingBytesMax} bytes per key, ` +
        `got ${pendingBytes} for horizons ${horizons.join(', ')}: name fewer or shorter horizons`,
    );
  }
  return plan;
}

/** Both write into the same outputs, whose columns are fixed. */
function checkShape(what: string, expected: readonly number[] | undefined, got: readonly number[] | undefined): void {
  if (shown(expected) === shown(got)) return;
  throw new RangeError(
    `challenge.challenger: expected the ${what} ${shown(expected)} of the champion, got ${shown(got)}`,
  );
}

/** A branch as part of what a checkpoint must agree with; how many keys it may hold is not. */
const describe = ({ name, stages }: Branch<never>): unknown => ({
  name,
  stages: stages.map(({ id, settings }) => ({ [id]: { ...(settings as object | undefined), keys: undefined } })),
});

/** What a step of a branch saved, out of all that the challenge saved. */
const part = (saved: Bundle, prefix: string): Bundle =>
  Object.fromEntries(
    Object.entries(saved).flatMap(([name, table]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), table]] : [],
    ),
  );

/** Tables of all steps of a branch under one roof: `champion.remember.rows`. */
const named = (saved: Readonly<Record<string, Bundle>>, role: Role): Bundle =>
  Object.fromEntries(
    Object.entries(saved).flatMap(([id, bundle]) =>
      Object.entries(bundle).map(([name, table]) => [`${role}.${id}.${name}`, table]),
    ),
  );

/** Each event with the answers of both. */
function answered<A extends Event, B extends Event>(
  source: Observable<Batch<A>>,
  chains: readonly Chain[],
): Observable<Batch<Pair<B>>> {
  const answer = (batch: Batch<A>): Batch<Pair<B>> => {
    const { rejects: _, anomalies: __, causes: ___, changes: ____, alerts: _____, ...events } = batch;
    const made = chains.map((chain) => chain.push({ ...events, rejects: [] }) as Batch<B>);
    const [first, second] = made.map((answers, i) => answersOf<B>(batch.rows, answers, roles[i]));
    const rows = batch.rows.map((row, i): Pair<B> => extended(row, { answers: [first[i], second[i]] as const }));
    // Of a mark the champion's word is told: both have taken it in.
    return { ...batch, rows, ...(made[0].heard && { heard: made[0].heard }) };
  };
  return new Observable((subscriber) =>
    source.subscribe({
      next(batch) {
        let made: Batch<Pair<B>>;
        try {
          made = answer(batch);
        } catch (error) {
          subscriber.error(error);
          return;
        }
        subscriber.next(made);
      },
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}

/** For every event the row or the reject that a branch made of it. */
function answersOf<B extends Event>(events: readonly Event[], made: Batch<B>, role: Role): (B | Reject)[] {
  let [row, reject] = [0, 0];
  const answers = events.map((event): B | Reject => {
    const next = made.rows[row];
    if (next && next.offset === event.offset && next.key === event.key && next.timeMs === event.timeMs) {
      row++;
      return next;
    }
    const refused = made.rejects[reject];
    if (refused?.offset !== event.offset) throw uneven(role, `none for the row at offset ${event.offset}`);
    reject++;
    return refused;
  });
  if (row < made.rows.length || reject < made.rejects.length) throw uneven(role, 'more than one for a row');
  if (made.anomalies?.length) throw uneven(role, 'an anomaly: put episode behind challenge');
  return answers;
}

const uneven = (role: Role, got: string): Error =>
  new Error(
    `challenge.${role}: expected steps that answer every row at once with one row, got ${got}. ` +
      'Steps that hold rows back or join them (reorder, align, episode, drop-filled) stand before or behind challenge',
  );
