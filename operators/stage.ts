import { Observable, type OperatorFunction } from 'rxjs';
import type { Alert, Anomaly, Batch, Change, Event, Heard, Mark, Reject, Taken } from '../event.js';
import { type Bundle, slabTable } from '../state/arrow.js';
import { isKey, type KeyLimit, Keys, keyLimitDefault } from '../state/keys.js';
import { type Layout, type Row, rowBytes } from '../state/layout.js';
import { openSlab } from '../state/open.js';
import { Slab } from '../state/slab.js';
import { Gathering } from './gathering.js';

/** What a step is told when a shard is opened. */
export interface Shard {
  readonly name: string;
  /** Names of the channels, in the order of `Event.values`. */
  readonly channels: readonly string[];
  /** Those of them that are of words instead of numbers. */
  readonly categories?: readonly string[];
  /** Whether a memory before tells what of a row it had not expected. */
  readonly explains?: true;
  /** Rows ahead that an earlier step forecasts, ascending, 1 among them; absent before there are forecasts. */
  readonly horizons?: readonly number[];
  /** Names of the parts of the mixture that forecasts. */
  readonly members?: readonly string[];
  /** Whether an earlier step forecasts with a memory that keeps to a floor, and with one that mends what it misses. */
  readonly floored?: true;
  readonly mends?: true;
  /** The memory that an earlier step forecasts with, and its version. */
  readonly memory?: { readonly name: string; readonly version: string };
  /** How many rows before an alarm an earlier step may say that it is about, the alarm's own among them. */
  readonly looksBack?: number;
  /** The detector that an earlier step is, and its version, where it is not `detect`. */
  readonly judge?: { readonly name: string; readonly version: string };
  /** Probability levels that an earlier step gives quantiles of, ascending; those of a memory's head. */
  readonly levels?: readonly number[];
  readonly headLevels?: readonly number[];
  /** Where the rows come from, where that is not the shard's own name. */
  readonly origin?: { readonly topic: string; readonly partition: number };
  /** Keys that a step may hold unless its options say otherwise: as many as fit into memory. */
  readonly keysMax?: number;
}

/** Bytes of state for each key of a step, and how many keys its options ask for. */
export interface Want {
  readonly id: string;
  readonly keyBytes: number;
  readonly keys: number | undefined;
}

/** One step of a pipeline: opened once per shard from what it saved there last time, or from nothing. */
export interface Stage<A, B> {
  /** Its name in checkpoints: the operator's, unless one pipeline uses an operator twice. */
  readonly id: string;
  /** What it was built with, as plain JSON: part of what a checkpoint must agree with. */
  readonly settings: unknown;
  /** Nothing hangs on it but alerts: it is no part of what a checkpoint must agree with, and may come, change and go. */
  readonly aside?: true;
  /** What the steps after it may rely on, added to what they are told of the shard. */
  readonly tells?: Partial<Shard>;
  /** What it wants of memory. */
  wants?(shard: Shard): readonly Want[];
  open(shard: Shard, saved?: Bundle): Opened<A, B>;
}

/** A step at work on one shard. Between two batches it is quiet, so it may be saved. */
export interface Opened<A, B> {
  readonly operator: OperatorFunction<Batch<A>, Batch<B>>;
  /** Views of the live state: to be encoded before the next batch. */
  save(): Bundle;
  /** Gives its memory back. */
  close(): void;
}

/** Where a keyed step puts what it makes of an event. */
export interface Out<B> {
  emit(row: B): void;
  /** Refuses a row: `reason` is a stable word, `message` says what was expected, what came, what to do. */
  reject(row: Event, reason: string, message: string): void;
  /**
   * Reports an anomaly that opened, worsened or closed; unlike a row it may come when nothing else does. With `told`
   * false only steps that watch anomalies hear of it.
   */
  anomaly(anomaly: Anomaly, told?: boolean): void;
  alert(alert: Alert): void;
}

/** The layout of a step that keeps nothing in common for its keys. */
export type Nothing = Record<never, never>;

/** Why a key gets no more rows: the log is complete, or the key must make room for another one. */
export type Farewell = 'ends' | 'evicted';

/** A step with one row of state per key and one per shard; every operator of Engram is written as one of these. */
export interface Keyed<S extends Layout, L extends Layout, A extends Event, B> {
  readonly id: string;
  /** One row per shard: what all its keys share. Most steps share nothing: `{}`. */
  readonly shared: S;
  /** One row per key. */
  readonly layout: L;
  /** What the meaning of the state depends on besides its layout: another version or setting is refused. */
  readonly version: string;
  readonly keys?: KeyLimit | undefined;
  /** A checkpoint whose shared row a new shard begins with, in the place of `init`. */
  readonly start?: Bundle | undefined;
  /** Prepares the zeroed shared row of a new shard. */
  init?(shared: Row<S>): void;
  /** Prepares the zeroed row of a new key. */
  initKey?(shared: Row<S>, own: Row<L>): void;
  step(shared: Row<S>, own: Row<L>, row: A, out: Out<B>): void;
  /** Whether all keys must be looked through now, after a row: what `sweep` finds must hang on state and rows alone. */
  sweeps?(shared: Row<S>): boolean;
  /** Looks at one key of all, in the order in which they came; `row` is the event that let it. */
  sweep?(shared: Row<S>, own: Row<L>, key: string, row: Event, out: Out<B>): void;
  /** What `step` makes of one after the other, bit for bit, where it makes one row of each: rows of keys that are all different. */
  stepMany?(shared: Row<S>, owns: readonly Row<L>[], rows: readonly A[]): readonly B[];
  /** Hears that an anomaly of a key it knows has changed, after the rows of the same event and before those of the next. */
  note?(shared: Row<S>, own: Row<L>, anomaly: Anomaly, out: Out<B>): void;
  /** Takes in what an operator said of a key it knows; says what that was about. */
  mark?(shared: Row<S>, own: Row<L>, mark: Mark, out: Out<B>): Taken | undefined;
  /** Lets go what waits; the key may go on after `ends` if the log grows, after `evicted` its row is wiped. */
  finish?(shared: Row<S>, own: Row<L>, key: string, out: Out<B>, why: Farewell): void;
}

/**
 * A row with more fields; the row itself is left as it is. Not `{ ...row, … }`: an object literal that begins with a spread
 * gets a hidden class of its own from V8 each time, and every step behind it is slow from then on (up to 10 us a row).
 */
export const extended = <A extends object, M extends object>(row: A, more: M): A & M => Object.assign({}, row, more);

/** Makes a stage of what `build` returns for a shard. */
export function keyed<S extends Layout, L extends Layout, A extends Event, B>(
  id: string,
  settings: unknown,
  build: (shard: Shard) => Keyed<S, L, A, B>,
): Stage<A, B> {
  return {
    id,
    settings,
    wants(shard) {
      const { layout, keys } = build(shard);
      return [{ id, keyBytes: rowBytes(layout), keys: keys?.limit }];
    },
    open(shard, saved) {
      const step = build(shard);
      const policy = step.keys ?? { ...keyLimitDefault, limit: shard.keysMax ?? keyLimitDefault.limit };
      const shared = new Slab(step.shared);
      const own = new Slab(step.layout);
      const free = (): void => {
        shared.free();
        own.free();
      };
      let keys = new Keys(policy);
      try {
        if (saved) {
          keys = openSlab(own, saved, 'rows', step, policy);
          openSlab(shared, saved, 'shared', step, policy);
        } else if (step.start) {
          openSlab(shared, step.start, 'shared', step, policy);
        } else {
          shared.add();
          step.init?.(shared.row(0));
        }
      } catch (error) {
        free();
        throw error;
      }
      return {
        operator: eachRow(shard, step, shared.row(0), own, keys),
        save: () => ({ rows: slabTable(own, keys, step), shared: slabTable(shared, undefined, step) }),
        close: free,
      };
    },
  };
}

function eachRow<S extends Layout, L extends Layout, A extends Event, B>(
  shard: Shard,
  step: Keyed<S, L, A, B>,
  shared: Row<S>,
  slab: Slab<L>,
  keys: Keys,
): OperatorFunction<Batch<A>, Batch<B>> {
  let rows: B[] = [];
  let rejects: Reject[] = [];
  let anomalies: Anomaly[] = [];
  let changes: Change[] = [];
  let alerts: Alert[] = [];
  let causes: { rows: number[]; rejects: number[]; anomalies: number[]; alerts: number[] };
  /** Offset of the event that is being taken. */
  let cause = 0;
  const out: Out<B> = {
    emit(row) {
      rows.push(row);
      causes.rows.push(cause);
    },
    reject(row, reason, message) {
      const { key, timeMs, values, words, offset } = row;
      const raw = JSON.stringify({ key, timeMs, values, words });
      rejects.push({ shard: shard.name, offset, stage: step.id, reason, message, raw });
      causes.rejects.push(cause);
    },
    anomaly(anomaly, told = true) {
      changes.push({ anomaly, cause });
      if (!told) return;
      anomalies.push(anomaly);
      causes.anomalies.push(cause);
    },
    alert(alert) {
      alerts.push(alert);
      causes.alerts.push(cause);
    },
  };
  const admit = (row: Event): number | undefined => {
    if (!isKey(row.key)) {
      const expected = 'expected a key of whole characters, which UTF-8 can hold: clean it where it is written';
      out.reject(row, 'bad-key', `${expected}, got ${JSON.stringify(row.key)}`);
      return undefined;
    }
    if (step.finish && keys.policy.whenFull === 'evict' && keys.size >= keys.policy.limit) {
      const [key, index] = keys.entries().next().value as [string, number];
      step.finish(shared, slab.row(index), key, out, 'evicted');
    }
    const index = keys.admit(row.key);
    if (index === undefined) {
      out.reject(
        row,
        'too-many-keys',
        `expected at most ${keys.policy.limit} keys, ${JSON.stringify(row.key)} is one more: ` +
          'raise keys.limit, set keys.whenFull to "evict", or choose a smaller memory, of which more fit',
      );
      return undefined;
    }
    if (index < slab.length) slab.clear(index);
    else slab.add();
    step.initKey?.(shared, slab.row(index));
    return index;
  };
  const waiting =
    step.stepMany &&
    new Gathering(step.stepMany.bind(step, shared), (row: B, of: number) => {
      rows.push(row);
      causes.rows.push(of);
    });
  /** Tells the step of changes by events before `upTo`, each once and in order. */
  let heard = 0;
  const hear = (given: readonly Change[], upTo: number): void => {
    for (; heard < given.length && given[heard].cause < upTo; heard++) {
      const { anomaly, cause: by } = given[heard];
      const index = keys.find(anomaly.key);
      if (index === undefined) continue;
      const before = cause;
      cause = by;
      step.note?.(shared, slab.row(index), anomaly, out);
      cause = before;
    }
  };
  const take = (batch: Batch<A>): Batch<B> => {
    rows = [];
    rejects = [...batch.rejects];
    anomalies = [...(batch.anomalies ?? [])];
    changes = [...(batch.changes ?? [])];
    const given = [...changes];
    alerts = [...(batch.alerts ?? [])];
    heard = 0;
    causes = {
      rows: [],
      rejects: [...(batch.causes?.rejects ?? batch.rejects.map(({ offset }) => offset))],
      anomalies: [...(batch.causes?.anomalies ?? anomalies.map(() => Number.NEGATIVE_INFINITY))],
      alerts: [...(batch.causes?.alerts ?? alerts.map(() => Number.NEGATIVE_INFINITY))],
    };
    const taken: Heard[] = [];
    for (const mark of step.mark ? (batch.marks ?? []) : []) {
      cause = mark.offset;
      const index = keys.find(mark.key);
      const found = index === undefined ? undefined : step.mark?.(shared, slab.row(index), mark, out);
      taken.push({ mark, stage: step.id, known: index !== undefined, ...(found ?? { alarms: 0, bars: [] }) });
    }
    for (let i = 0; i < batch.rows.length; i++) {
      const row = batch.rows[i];
      const caused = batch.causes?.rows[i] ?? row.offset;
      if (step.note && caused !== cause) hear(given, caused);
      cause = caused;
      if (waiting?.has(row.key)) waiting.end();
      let index = keys.find(row.key);
      if (index === undefined) {
        // To make room another key may be forgotten, perhaps one that waits.
        waiting?.end();
        index = admit(row);
      }
      if (index === undefined) continue;
      if (waiting) waiting.add(row, cause, slab.row(index));
      else step.step(shared, slab.row(index), row, out);
      if (step.sweeps?.(shared)) {
        for (const [key, at] of keys.entries()) step.sweep?.(shared, slab.row(at), key, row, out);
      }
    }
    waiting?.end();
    if (step.note) hear(given, batch.next);
    cause = batch.next;
    if (step.note) hear(given, Number.POSITIVE_INFINITY);
    for (const key of batch.forget ?? []) {
      const index = keys.find(key);
      if (index === undefined) continue;
      step.finish?.(shared, slab.row(index), key, out, 'evicted');
      keys.drop(key);
    }
    if (batch.ends && step.finish) {
      for (const [key, index] of keys.entries()) step.finish(shared, slab.row(index), key, out, 'ends');
    }
    // Several steps may tell of anomalies: in the order of what caused them, however the log was cut.
    const order = anomalies.map((_, i) => i).sort((a, b) => causes.anomalies[a] - causes.anomalies[b] || a - b);
    anomalies = order.map((i) => anomalies[i]);
    causes.anomalies = order.map((i) => causes.anomalies[i]);
    changes.sort((a, b) => a.cause - b.cause);
    return {
      ...batch,
      rows,
      rejects,
      causes,
      ...(anomalies.length > 0 ? { anomalies } : {}),
      ...(changes.length > 0 ? { changes } : {}),
      ...(alerts.length > 0 ? { alerts } : {}),
      ...(taken.length > 0 ? { heard: [...(batch.heard ?? []), ...taken] } : {}),
    };
  };
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next(batch) {
          let made: Batch<B>;
          try {
            made = take(batch);
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
