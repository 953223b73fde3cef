import { Subject } from 'rxjs';
import type { Alert, Anomaly, Batch, Event, Heard, Mark, Reject } from '../../event.js';
import type { Opened, Shard, Stage } from '../../operators/stage.js';
import { type Bundle, decode, encode } from '../../state/arrow.js';
import { normal as oneNormal } from '../chance.js';

export { chance } from '../chance.js';

export const shard: Shard = { name: 'log-0', channels: ['a'] };

/** How a run is disturbed: where the input is cut into batches, and after how many rows all is saved and opened anew. */
export interface Disturbance {
  /** Sizes of the batches, used in turn; 1 where nothing is said. */
  readonly cuts?: readonly number[];
  /** True: after every batch. */
  readonly restart?: boolean;
  readonly shard?: Shard;
  /** False: the log goes on, nothing is finished. */
  readonly ends?: boolean;
  /** Taken in before the row of their offset; batches are cut there. */
  readonly marks?: readonly Mark[];
  /** What an earlier run saved. */
  readonly saved?: readonly Bundle[];
  /** Looks on after a batch: how many events were taken, how many rows given, and what would be saved. */
  readonly look?: (taken: number, given: number, save: () => readonly Bundle[]) => void;
}

/** All that came out of a run, and the state at its end. */
export interface Ran<B> {
  readonly rows: readonly B[];
  readonly rejects: readonly Reject[];
  readonly anomalies: readonly Anomaly[];
  readonly alerts: readonly Alert[];
  readonly heard: readonly Heard[];
  readonly saved: readonly Bundle[];
}

/** Runs events through stages, one after another, disturbed as told. */
export function run<B, A extends Event = Event>(
  // biome-ignore lint/suspicious/noExplicitAny: a chain of stages is typed by whoever wrote it
  stages: readonly Stage<any, any>[],
  events: readonly A[],
  { cuts = [1], restart = false, shard: at = shard, ends = true, marks = [], saved: begun, look }: Disturbance = {},
): Ran<B> {
  let chain = new Chain(stages, at, begun);
  const rows: B[] = [];
  const rejects: Reject[] = [];
  const anomalies: Anomaly[] = [];
  const alerts: Alert[] = [];
  const heard: Heard[] = [];
  const take = (batch: Batch<B>): void => {
    rows.push(...batch.rows);
    rejects.push(...batch.rejects);
    anomalies.push(...(batch.anomalies ?? []));
    alerts.push(...(batch.alerts ?? []));
    heard.push(...(batch.heard ?? []));
  };
  for (let from = 0, turn = 0; from < events.length; turn++) {
    let upTo = Math.min(events.length, from + Math.max(1, cuts[turn % cuts.length] ?? 1));
    const due = marks.find(({ offset }) => offset > (events[from] as A).offset);
    const cut = due ? events.findIndex(({ offset }) => offset >= due.offset) : -1;
    if (cut > from && cut < upTo) upTo = cut;
    const next = (events[upTo - 1] as A).offset + 1;
    const before = (events[from - 1] as A | undefined)?.offset ?? -1;
    const said = marks.filter(({ offset }) => offset > before && offset <= (events[from] as A).offset);
    const given = said.length > 0 ? { marks: said } : {};
    take(chain.push({ shard: at.name, rows: events.slice(from, upTo), rejects: [], next, ...given }) as Batch<B>);
    if (restart) chain = chain.reopened(stages, at);
    from = upTo;
    look?.(from, rows.length, () => chain.saved());
  }
  const next = (events.at(-1)?.offset ?? -1) + 1;
  if (ends) take(chain.push({ shard: at.name, rows: [], rejects: [], next, ends: true }) as Batch<B>);
  const saved = chain.saved();
  chain.close();
  return { rows, rejects, anomalies, alerts, heard, saved };
}

/** Stages at work one behind the other. */
class Chain {
  readonly #opened: Opened<unknown, unknown>[];
  readonly #input = new Subject<Batch<unknown>>();
  #made: Batch<unknown> | undefined;
  #error: unknown;

  // biome-ignore lint/suspicious/noExplicitAny: see run
  constructor(stages: readonly Stage<any, any>[], at: Shard, saved?: readonly Bundle[]) {
    let told = at;
    this.#opened = stages.map((stage, i) => {
      const opened = stage.open(told, saved?.[i]);
      told = { ...told, ...stage.tells };
      return opened;
    });
    this.#opened
      .reduce((batches, { operator }) => operator(batches), this.#input.asObservable())
      .subscribe({
        next: (batch) => {
          this.#made = batch;
        },
        error: (error) => {
          this.#error = error;
        },
      });
  }

  push(batch: Batch<unknown>): Batch<unknown> {
    this.#made = undefined;
    this.#input.next(batch);
    if (this.#error) throw this.#error;
    return this.#made as unknown as Batch<unknown>;
  }

  /** The state as it comes back from bytes. */
  saved(): Bundle[] {
    return this.#opened.map((opened) =>
      Object.fromEntries(Object.entries(opened.save()).map(([name, table]) => [name, decode(encode(table))])),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: see run
  reopened(stages: readonly Stage<any, any>[], at: Shard): Chain {
    const saved = this.saved();
    this.close();
    return new Chain(stages, at, saved);
  }

  close(): void {
    for (const opened of this.#opened) opened.close();
  }
}

/** Standard normal numbers from a source of chance. */
export function normal(random: () => number): () => number {
  return () => oneNormal(random);
}

export const startMs = Date.UTC(2024, 0, 1);

/** Events of one key, `stepMs` apart, one for each row of values. */
export function events(rows: readonly (number | readonly number[])[], key = 'k', stepMs = 60_000): Event[] {
  return rows.map((row, i) => ({
    key,
    timeMs: startMs + i * stepMs,
    values: typeof row === 'number' ? [row] : row,
    offset: i,
  }));
}

/** Text that is equal only if every bit is, NaN and -0 included. */
export function bits(value: unknown): string {
  return JSON.stringify(value, (_, v) => {
    if (ArrayBuffer.isView(v)) return Array.from(v as unknown as number[], word);
    return typeof v === 'number' ? word(v) : v;
  });
}

const word = (v: number): string | number =>
  Number.isFinite(v) && !Object.is(v, -0) ? v : Object.is(v, -0) ? '-0' : String(v);

/** All numbers and keys of saved states, equal only if every bit is; how rows lie in pages does not matter. */
export function stateBits(saved: readonly Bundle[]): string {
  const columns = saved.map((bundle) =>
    Object.entries(bundle).map(([name, table]) => [
      name,
      table.schema.fields.map((field) => [field.name, [...(table.getChild(field.name) ?? [])].map(plain)]),
    ]),
  );
  return bits(columns);
}

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Array.from(value as Iterable<number>) : value;
