import { type Row, u8, u32 } from '../state/layout.js';
import { kernels } from './kernels/index.js';

/** Sizes and rates of a temporal memory; permanences between 0 and 1. */
export interface TemporalOptions {
  /** Columns, a multiple of 8. */
  readonly columns: number;
  /** Cells of a column, a power of two up to 32. */
  readonly cells: number;
  /** Columns active at once, at most. */
  readonly activeMax: number;
  /** Segments in the pool; the least useful goes when it is full. */
  readonly segments: number;
  /** Synapses of a segment, a power of two from 4 to 128. */
  readonly synapses: number;
  /** Steps in a row for which what was predicted is held, as if it had fired, when something else came; 0: none. */
  readonly patience: number;
  /**
   * Whether only the winner fires of a column that was not predicted in an expected step, and a surprise looks back for a
   * better context. Else all its cells fire, always: every context that the column knows then speaks, as in the papers.
   */
  readonly strict: boolean;
  /** Active connected synapses that make a segment speak. */
  readonly activation: number;
  /** Active synapses that make it match. */
  readonly minimum: number;
  /** Synapses that a segment is given. */
  readonly sample: number;
  readonly initial: number;
  readonly connected: number;
  readonly increment: number;
  readonly decrement: number;
  /** What active synapses lose in a segment that was wrong. */
  readonly punishment: number;
  /** The same while the segment was never right: coincidences are soon forgotten. */
  readonly doubt: number;
}

/** 2048 columns of 32 cells, learning from one showing. */
export const temporalDefaults: TemporalOptions = {
  columns: 2048,
  cells: 32,
  activeMax: 48,
  segments: 32_768,
  synapses: 32,
  patience: 1,
  strict: true,
  activation: 13,
  minimum: 10,
  sample: 32,
  initial: 0.55,
  connected: 0.5,
  increment: 0.1,
  decrement: 0.05,
  punishment: 0.02,
  doubt: 0.1,
};

/** Most synapses a pool may have: their numbers have 24 bits. */
const poolMax = 16_777_215;

/** Winners that are kept of a step, at most. */
const winnersMax = 1024;

const level = (permanence: number): number => Math.round(255 * permanence);

/** Where the counters of a temporal memory stand that others read. */
export const counter = {
  step: 0,
  seed: 5,
  segments: 6,
  synapses: 7,
  active: 8,
  winners: 10,
  held: 12,
  foreseen: 17,
} as const;

/** The temporal memory of one sequence: a part of a row, and what it does. */
export function temporalMemory(options: TemporalOptions) {
  check(options);
  const { columns, cells, activeMax, segments, synapses, patience, strict } = options;
  const all = columns * cells;
  const layout = {
    counters: u32(18),
    head: u32(all),
    /** Of each synapse its link and permanence, and its cell in three bytes. */
    synapse: u32(segments * synapses),
    source: u8(3 * segments * synapses),
    owner: u32(segments),
    used: u32(segments),
    held: u8(segments),
    proof: u8(segments),
    overlap: u8(2 * segments),
    /** One more than there are segments: the kernel writes before it looks. */
    touched: u32(segments + 1),
    active: u32(2 * (activeMax * cells + (patience > 0 ? 4 * activeMax : 0))),
    bits: u8((2 * all) / 8),
    winner: u32(2 * Math.min(8 * activeMax, winnersMax)),
    load: u8(all),
    last: u32(activeMax),
    /** Of the kernel: zero between steps. */
    scratch: u32(4 * columns),
  };
  type Own = Row<typeof layout>;
  const shift = Math.clz32(1) - Math.clz32(cells);
  const blockBits = Math.clz32(1) - Math.clz32(synapses);
  const { activation, minimum, sample, increment, decrement, punishment, doubt, initial, connected } = options;
  const bind = (own: Own): void => {
    const at = (field: { readonly byteOffset: number }) => field.byteOffset;
    kernels.temporalState(
      ...[at(own.counters), at(own.head), at(own.synapse), at(own.source), at(own.owner), at(own.used)],
      ...([at(own.held), at(own.proof), at(own.overlap), at(own.touched), at(own.load)] as const),
      ...([segments, blockBits, at(own.active), at(own.bits), at(own.winner), at(own.last), at(own.scratch)] as const),
    );
    kernels.temporalSize(columns, shift, activeMax, patience, strict ? 1 : 0);
  };
  return {
    layout,
    /** Begins on a zeroed row. */
    start(own: Own, seed: number): void {
      own.counters[counter.seed] = seed;
    },
    /** The columns that fire now, ascending; returns how many of them were predicted. */
    step(own: Own, active: Uint32Array, n: number, learn = true): number {
      bind(own);
      kernels.temporalRule(
        activation,
        minimum,
        sample,
        level(increment),
        level(decrement),
        level(punishment),
        level(doubt),
        level(initial),
        level(connected),
      );
      return kernels.temporalStep(active.byteOffset, n, learn ? 1 : 0);
    },
    /**
     * Per column 1 + the last step at which what predicts it (or, with `faint`, at least matches) was right, 0 where
     * nothing does; how many columns there are. `least`: active synapses that it takes, instead of
     * those that learning takes; below `minimum` nothing is listed.
     */
    expected(own: Own, out: Uint32Array, faint = false, least = faint ? minimum : activation): number {
      if (least < minimum) throw new RangeError(`temporal memory: expected least of at least ${minimum}, got ${least}`);
      bind(own);
      kernels.temporalRule(least, least, sample, 0, 0, 0, 0, 0, level(connected));
      return kernels.temporalExpected(out.byteOffset, faint ? 1 : 0);
    },
    /** Forgets what is going on, not what was learned. */
    reset(own: Own): void {
      bind(own);
      kernels.temporalReset();
    },
    /** A cell dies: it loses its segments, and nobody hears it any more. */
    kill(own: Own, cell: number): void {
      bind(own);
      kernels.temporalKill(cell);
    },
    /** Cells that fire now; in the state, so read before the next step. */
    active: (own: Own): Uint32Array => last(own.active, own.counters, counter.active),
    /** Those of them that had been predicted. */
    foreseen(own: Own): Uint32Array {
      const from = ((own.counters[counter.step] % 2) * own.active.length) / 2;
      return own.active.subarray(from, from + own.counters[counter.foreseen]);
    },
    /** Cells that were predicted and are kept alive beside them. */
    held(own: Own): Uint32Array {
      const slot = own.counters[counter.step] % 2;
      const from = (slot * own.active.length) / 2 + own.counters[counter.active + slot];
      return own.active.subarray(from, from + own.counters[counter.held + slot]);
    },
    /** One cell for each predicted cell or bursting column: those that new segments listen to. */
    winners: (own: Own): Uint32Array => last(own.winner, own.counters, counter.winners),
  };
}

export type TemporalMemory = ReturnType<typeof temporalMemory>;
export type TemporalState = Row<TemporalMemory['layout']>;

/** The newest of two lists. */
function last(lists: Uint32Array, counters: Uint32Array, sizes: number): Uint32Array {
  const slot = counters[counter.step] % 2;
  const from = (slot * lists.length) / 2;
  return lists.subarray(from, from + counters[sizes + slot]);
}

function check(options: TemporalOptions): void {
  const { columns, cells, activeMax, segments, synapses, sample, minimum, activation, patience } = options;
  const power = (n: number) => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;
  const demand = (holds: boolean, what: string, expected: string, came: number): void => {
    if (!holds) throw new RangeError(`temporal memory: expected ${what} ${expected}, got ${came}`);
  };
  demand(
    columns > 0 && columns <= 8192 && columns % 8 === 0,
    'columns',
    'that are a multiple of 8, up to 8192',
    columns,
  );
  demand(power(cells) && cells <= 32, 'cells', 'of a column that are a power of two up to 32', cells);
  demand(columns * cells <= 4_194_304, 'columns x cells', 'of at most 2^22', columns * cells);
  demand(activeMax > 0 && activeMax <= 512, 'activeMax', 'from 1 to 512', activeMax);
  demand(
    power(synapses) && synapses >= 4 && synapses <= 128,
    'synapses',
    'of a segment that are a power of two from 4 to 128',
    synapses,
  );
  demand(segments > 0 && segments * synapses <= poolMax, 'segments x synapses', `of at most ${poolMax}`, segments);
  demand(sample > 0 && sample <= synapses, 'sample', `of at most the ${synapses} synapses of a segment`, sample);
  demand(minimum > 0 && minimum <= activation, 'minimum', `of at most the activation of ${activation}`, minimum);
  demand(Number.isInteger(patience) && patience >= 0, 'patience', 'of 0 or more steps', patience);
  demand(activation <= sample, 'activation', `of at most the sample of ${sample}`, activation);
}
