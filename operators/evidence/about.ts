import { kernels } from '../../models/kernels/index.js';
import { strangeNats } from './run.js';

/** Which rows an alarm is about, counted back from the one that alarms, 0. */
export interface About {
  /** The last so many rows are what the evidence looked at. */
  readonly rows: number;
  /** The first row that belongs to what alarmed. */
  readonly since: number;
  /** The row that added most, where the detector knows; else the least likely one of `rows`. */
  readonly strongest?: number;
  /** How much rarer it had to be after what was said of alarms like it, in nats; below 0 commoner. */
  readonly excuse?: number;
}

/** How strange a row is beyond one in ten, from the evidence of so many channels joined: what they usually come to grows with them. */
export const excessOf = (evidence: number, channels: number): number =>
  evidence - (0.5 * (kernels.log(channels) + Math.sqrt(channels)) + strangeNats - 0.5);
