import type { Source } from '../connectors/source.js';
import type { Batch, Event } from '../event.js';
import { memoryOf } from '../models/catalog.js';
import { versionOf } from '../models/model.js';
import type { netLayout } from '../models/net.js';
import { inputs, netPast } from '../models/net-past.js';
import { cellOf, type NetName, netNames, netShapes } from '../models/net-shapes.js';
import { type Fit, type FitOptions, type FitProgress, fitNet } from '../models/pretrain/fit.js';
import type { Course } from '../models/pretrain/sequences.js';
import type { Backend } from '../models/pretrain/tfjs.js';
import type { Hints } from '../operators/remember.js';
import { slabTable } from '../state/arrow.js';
import { frame } from '../state/checkpoint.js';
import type { Row } from '../state/layout.js';
import { Slab } from '../state/slab.js';
import { Lane } from './lane.js';
import { identityOf, type Pipeline } from './pipeline.js';

/** How far all is: nets of channels are fitted one after the other. */
export interface PretrainProgress extends FitProgress {
  readonly channel: string;
  /** Which of so many channels, from 0 on. */
  readonly nth: number;
  readonly channels: number;
}

export interface PretrainOptions extends Omit<FitOptions, 'onProgress'> {
  /** Told after every batch; false ends the fit of the channel with what is best so far. */
  readonly onProgress?: (progress: PretrainProgress) => boolean | undefined;
  /** Its `remember` step says which net, with shared weights; the steps before it prepare the rows as in a run. */
  readonly pipeline: Pipeline<unknown>;
  readonly source: Source;
  readonly backend: Backend;
  /** Rows at or after this time are not looked at. */
  readonly untilMs?: number;
  /** Rows of all keys that are kept for the fit, at most: each takes some 60 bytes and 4 per horizon. */
  readonly rowsMax?: number;
  readonly onRows?: (rows: number) => void;
}

/** What came of it: one fit for each channel, and all as the bytes of a checkpoint without keys, which a pipeline may begin from. */
export interface Pretraining {
  readonly fits: readonly Fit[];
  readonly channels: readonly string[];
  readonly rows: number;
  readonly bytes: Uint8Array;
}

interface Remembering {
  readonly memory: NetName;
  readonly horizons: readonly number[];
  readonly seed?: number;
  readonly weights?: string;
}

/** Fits the shared weights of a pipeline's net to a whole log at once; time parts what is learned from and what is judged by. */
export async function pretrain(options: PretrainOptions): Promise<Pretraining> {
  const { pipeline, source, backend } = options;
  const at = pipeline.stages.findIndex(({ id }) => id === 'remember');
  const settings = pipeline.stages[at]?.settings as Remembering | undefined;
  if (!settings || !netNames.includes(settings.memory) || settings.weights !== 'shared') {
    throw new RangeError(
      `pretrain: expected a pipeline whose memory is one of ${netNames.join(', ')} with shared weights, got ` +
        `${settings ? `${settings.memory} with ${settings.weights ?? 'own'} weights` : 'none'}`,
    );
  }
  const { memory, horizons, seed } = settings;
  const { channels, identity } = await source.open();
  const { courses, rows } = await gather(options, pipeline.stages.slice(0, at), channels, horizons);

  const begin = { ...(seed === undefined ? {} : { seed }), weights: 'shared' as const };
  const model = memoryOf(memory, { channels: channels.length, horizons, ...begin });
  const [shared, own] = [new Slab(model.shared), new Slab(model.keyed)];
  try {
    shared.add();
    model.init(shared.row(0));
    const cell = cellOf(netShapes[memory]);
    const net = { ...netShapes[memory], horizons };
    const fits: Fit[] = [];
    for (let c = 0; c < channels.length; c++) {
      const row = shared.row(0)[`c${c}`] as unknown as Row<ReturnType<typeof netLayout>>;
      const place = { channel: channels[c], nth: c, channels: channels.length };
      const made = await fitNet(backend, net, row.weight.slice(), courses[c], {
        ...options,
        onProgress: (progress) => options.onProgress?.({ ...progress, ...place }),
      });
      row.weight.set(made.weights);
      cell.settle(row.weight, row.derived);
      fits.push(made);
    }
    const owner = { id: 'remember', version: versionOf(model) };
    // Framed at once: the columns are views of pages that are given back.
    const bytes = frame({
      shard: 'pretrain',
      next: rows,
      ended: true,
      pipeline: identityOf(pipeline, channels, identity),
      stages: {
        remember: { rows: slabTable(own, undefined, owner), shared: slabTable(shared, undefined, owner) },
      },
      sinks: {},
    });
    return { fits, channels, rows, bytes };
  } finally {
    shared.free();
    own.free();
  }
}

/** Numbers that grow at the end. */
class Numbers {
  #all = new Float32Array(1024);
  #count = 0;

  push(values: ArrayLike<number>): void {
    if (this.#count + values.length > this.#all.length) {
      const more = new Float32Array(2 * this.#all.length + values.length);
      more.set(this.#all);
      this.#all = more;
    }
    this.#all.set(values, this.#count);
    this.#count += values.length;
  }

  get all(): Float32Array {
    return this.#all.subarray(0, this.#count);
  }
}

/** One series as it is gathered: what its net would be told, and how the series then moved. */
class Gathered {
  readonly slab;
  readonly times: number[] = [];
  readonly told = new Numbers();
  readonly targets = new Numbers();

  constructor(
    readonly past: ReturnType<typeof netPast>,
    readonly horizons: readonly number[],
  ) {
    this.slab = new Slab(past.layout);
    this.slab.add();
  }

  append(value: number, scale: number, timeMs: number): void {
    const own = this.slab.row(0);
    if (!this.past.append(own, value, scale, timeMs)) return;
    const t = own.rows[0] - 1;
    const at = this.past.slotOf(t) * inputs;
    this.times.push(timeMs);
    this.told.push(own.input.subarray(at, at + inputs));
    this.targets.push(this.horizons.map(() => Number.NaN));
    const all = this.targets.all;
    this.horizons.forEach((h, i) => {
      if (t >= h) all[(t - h) * this.horizons.length + i] = this.past.target(own, t - h, h);
    });
  }

  course(): Course {
    this.slab.free();
    return { times: Float64Array.from(this.times), inputs: this.told.all, targets: this.targets.all };
  }
}

/** The courses of each channel, of all keys, as the steps before `remember` leave the rows. */
async function gather(
  { source, untilMs = Number.POSITIVE_INFINITY, rowsMax = 5_000_000, onRows }: PretrainOptions,
  before: Pipeline['stages'],
  channels: readonly string[],
  horizons: readonly number[],
): Promise<{ courses: Course[][]; rows: number }> {
  const { shards } = await source.open();
  const past = netPast(horizons);
  const never = new AbortController().signal;
  const found: Gathered[][] = channels.map(() => []);
  let rows = 0;
  for (const shard of shards) {
    const lane = new Lane<Event & Hints>(before, { name: shard, channels });
    const keys = new Map<string, Gathered[]>();
    try {
      for await (const batch of source.read(shard, 0, never)) {
        for (const { key, values, timeMs, scale } of lane.push(batch as Batch<Event>).rows) {
          if (timeMs >= untilMs) continue;
          if (++rows > rowsMax) {
            throw new RangeError(
              `pretrain: expected at most ${rowsMax} rows, the log has more: read less of it (--until), or raise rowsMax`,
            );
          }
          let own = keys.get(key);
          if (!own) {
            own = channels.map(() => new Gathered(past, horizons));
            keys.set(key, own);
            own.forEach((one, c) => void found[c].push(one));
          }
          own.forEach((one, c) => void one.append(values[c], scale?.[c] ?? 1, timeMs));
        }
        onRows?.(rows);
      }
    } finally {
      lane.close();
    }
  }
  return { courses: found.map((list) => list.map((one) => one.course())), rows };
}
