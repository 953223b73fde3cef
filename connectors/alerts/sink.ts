import type { Alert } from '../../event.js';

/** What a sink is handed at once: alerts of one group as they stand, or changes one after another. */
export interface Delivery {
  /** The same when it is tried again, also after a crash: receivers may drop what they have seen. */
  readonly id: string;
  /** Incident that the alerts belong to; null where they are handed on one by one. */
  readonly group: string | null;
  /** What they have in common: the labels they were grouped by. */
  readonly labels: Readonly<Record<string, string>>;
  readonly status: 'firing' | 'resolved';
  /** Grouped: those that fire, and those that have just been resolved. Else changes in order. */
  readonly alerts: readonly Alert[];
  /** Nothing of it was told before. */
  readonly first: boolean;
}

/**
 * How a sink wants alerts: `each` every change in order; `grouped` one telling for a group and its changes; `state` all
 * that fire, again and again, as Alertmanager does.
 */
export type Manner = 'each' | 'grouped' | 'state';

/** Where alerts go. One delivery at a time; the next one comes when the promise of the last is settled. */
export interface AlertSink {
  readonly manner: Manner;
  /** For `state`: how often all that fires is told again. */
  readonly repeatMs?: number;
  /** Throws `Refused` where trying again is of no use; anything else is tried again. */
  send(delivery: Delivery): Promise<void>;
  close(): Promise<void>;
}

/** The receiver was there and will never take this. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/**
 * It may work later; `afterMs` where the receiver said when. `untilMended` where it takes somebody who mends a token or an
 * address: a queue does not wait for that for ever.
 */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';

  constructor(
    message: string,
    readonly afterMs?: number,
    readonly untilMended = false,
  ) {
    super(message);
  }
}
