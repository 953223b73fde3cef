import type { Layout, Row } from '../state/layout.js';
import type { randomOf } from './random.js';

/** What every cell has in its row: numbers come in here and go out here. */
export interface Ports {
  /** The next input, whose first number is 1. */
  readonly input: Float32Array;
  /** What the cell makes of its past: the features of a readout. */
  readonly hidden: Float32Array;
  /** Slopes of the loss in `hidden` of the last events, one line for each, the newest first. */
  readonly blame: Float32Array;
}

/** A recurrent cell that learns by gradients after every event. */
export interface Cell<L extends Layout = Layout> {
  readonly layout: L;
  readonly inputs: number;
  readonly outputs: number;
  /** Lines of `blame`: how many events back a loss may enter. */
  readonly reach: number;
  /** Begins on a zeroed row. */
  start(own: Row<L>, random: ReturnType<typeof randomOf>): void;
  ports(own: Row<L>): Ports;
  /** Moves the weights against `blame`. */
  learn(own: Row<L>): void;
  /** Takes in `input` and renews `hidden`. */
  step(own: Row<L>): void;
}
