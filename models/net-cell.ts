import type { randomOf } from './random.js';

/** Many series at once: table[count][2] at `at` as u32 holds the addresses of state and input of each. */
export interface Lanes {
  readonly at: number;
  readonly count: number;
}

/** The weights of a net as addresses. */
export interface Weights {
  readonly weight: number;
  /** Numbers that follow from the weights. */
  readonly derived: number;
}

/** A window of one series to learn from. */
export interface Window {
  readonly steps: number;
  /** State before its first step. */
  readonly state: number;
  /** Address of the input of each step. */
  readonly inputs: ArrayLike<number>;
  /** blame[steps][outputs], the newest first: slopes of the loss in what the cell told. */
  readonly blame: number;
}

/**
 * A recurrent cell without state: its weights are one row that many series share, what it keeps of each is another. All
 * numbers are f32 at addresses; `room` is that of `roomBytes` that are written before they are read.
 */
export interface NetCell {
  readonly weights: number;
  /** Numbers that follow from the weights; at least 1. */
  readonly derived: number;
  /** Numbers that it keeps of a series, zero at first; the first `outputs` of them are what it tells. */
  readonly state: number;
  readonly outputs: number;
  roomBytes(lanes: number, steps: number): number;
  start(weight: Float32Array, random: ReturnType<typeof randomOf>): void;
  /** Holds the weights to their bounds and works out what follows from them. */
  settle(weight: Float32Array, derived: Float32Array): void;
  /** One step of every lane; each gets the bits that it would get alone. */
  step(weights: Weights, lanes: Lanes, room: number): void;
  /** Step `s` of a window whose state moves on in place, kept for `back`. */
  forward(weights: Weights, state: number, input: number, s: number, room: number): void;
  /** Adds the gradient of the window that `forward` went through. */
  back(weights: Weights, window: Window, gradient: number, room: number): void;
}
