import { f32, type Row, u8, u32 } from '../state/layout.js';
import { kernels } from './kernels/index.js';

export interface PoolerOptions {
  readonly inputs: number;
  /** Columns, a multiple of 16. */
  readonly columns: number;
  /** Columns that win. */
  readonly winners: number;
  /** Share of the inputs that a column can see. */
  readonly potential: number;
  /** Permanence from which on it does see them. */
  readonly connected: number;
  /** How far at most permanences begin above and below that: the wider, the longer a column sees what it saw at first. */
  readonly above?: number;
  readonly below?: number;
  /** Neighbourhoods with winners of their own; 1: the whole field competes. */
  readonly areas: number;
  readonly increment: number;
  readonly decrement: number;
  /** How strongly columns that seldom win are favoured; 0: not at all. */
  readonly boost: number;
}

export const poolerDefaults = {
  columns: 2048,
  winners: 40,
  potential: 0.8,
  connected: 0.5,
  areas: 1,
  increment: 0.003,
  decrement: 0.0005,
  boost: 0,
} satisfies Omit<PoolerOptions, 'inputs'>;

/** Weight of the newest step in how often a column wins. */
const dutyRate = 0.001;

/** The spatial pooler: bits of any encoding to a fixed number of columns, similar bits to similar columns. */
export function spatialPooler(options: PoolerOptions) {
  const { inputs, columns, winners, potential, connected, areas, increment, decrement, boost } = options;
  const { above = 0.1, below = 0.1 } = options;
  if (columns % (16 * areas) !== 0 || winners % areas !== 0) {
    throw new RangeError(
      `spatial pooler: expected columns that are a multiple of 16 in each of ${areas} areas, and as many winners in each, ` +
        `got ${columns} columns and ${winners} winners`,
    );
  }
  const layout = {
    permanence: u8(inputs * columns),
    overlap: u8(2 * columns),
    activity: u8(inputs),
    duty: f32(columns),
    boost: f32(columns),
    turn: u32(),
  };
  type Own = Row<typeof layout>;
  const level = Math.round(255 * connected);
  const rate = (permanence: number): number => Math.round(permanence * 255 * 65_536);
  return {
    layout,
    /** Permanence from which on, in 255ths, a column sees an input; `permanence` is laid out by input. */
    level,
    /** Begins on a zeroed row: each column can see a random share of the inputs, half of that connected. */
    start(own: Own, seed: number): void {
      let turn = (seed ^ 0x2545f491) >>> 0;
      for (let i = 0; i < own.permanence.length; i++) {
        turn = (Math.imul(turn, 1664525) + 1013904223) >>> 0;
        if (turn / 4_294_967_296 >= potential) continue;
        turn = (Math.imul(turn, 1664525) + 1013904223) >>> 0;
        const off = Math.floor((turn / 4_294_967_296) * 52) - 26;
        own.permanence[i] = Math.max(1, Math.min(255, level + Math.round(off * 10 * (off < 0 ? below : above))));
      }
      own.turn[0] = turn;
      own.boost.fill(1);
      own.duty.fill(winners / columns);
    },
    /** The winners for n active inputs, ascending; how many there are. Overlaps go to `overlap`, scratch of 2 bytes a column. */
    winners(own: Own, active: Uint32Array, n: number, overlap: Uint8Array, out: Uint32Array): number {
      return kernels.poolerWinners(
        own.permanence.byteOffset,
        boost > 0 ? own.boost.byteOffset : 0,
        active.byteOffset,
        n,
        overlap.byteOffset,
        out.byteOffset,
        columns,
        winners,
        areas,
        level,
      );
    },
    /** The winners move towards what made them win. */
    learn(own: Own, active: Uint32Array, n: number, won: Uint32Array, count: number): void {
      own.activity.fill(0);
      for (let i = 0; i < n; i++) own.activity[active[i]] = 1;
      own.turn[0] = kernels.poolerLearn(
        own.permanence.byteOffset,
        own.activity.byteOffset,
        inputs,
        won.byteOffset,
        count,
        columns,
        rate(increment),
        rate(decrement),
        own.turn[0],
      );
      if (boost > 0) {
        const { duty, boost: favour } = own;
        kernels.poolerBoost(duty.byteOffset, favour.byteOffset, won.byteOffset, count, columns, dutyRate, boost);
      }
    },
  };
}
