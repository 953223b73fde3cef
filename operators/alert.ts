import type { KeyLimit } from '../state/keys.js';
import { AlertDesk, type Watched } from './alert-desk.js';
import { type AlertOptions, keyLabelsOf, readyRules } from './alert-rule.js';
import { type AlertRow, alertLayout, isBusy } from './alert-slots.js';
import { checkNames } from './options.js';
import { keyed, type Nothing, type Out, type Shard, type Stage } from './stage.js';

/**
 * Makes alerts of anomalies: one fires when its anomaly has lasted long enough, may get worse, and is resolved when rows
 * have been normal long enough; anomalies that come back before count as the same alert. Everything happens in event
 * time and hangs on the key's own rows, so a replay tells the same alerts with the same ids. Its settings are no part of
 * what a checkpoint must agree with: an open alert stays open when rules are changed, and is resolved when its rule is gone.
 */
export function alert<A extends Watched>(options: AlertOptions): Stage<A, A> {
  checkNames('alert', options, ['rules', 'detector', 'keyLabels', 'replayUrl', 'keys']);
  const rules = readyRules(options.rules);
  const words = {
    detector: options.detector ?? 'engram',
    keyLabels: keyLabelsOf(options.keyLabels),
    replayUrl: options.replayUrl,
  };
  const stage = keyed<Nothing, typeof alertLayout, A, A>('alert', options, (shard) => {
    const of = (own: AlertRow, key: string, out: Out<A>): AlertDesk =>
      new AlertDesk(shard, words, rules, own, key, out);
    return {
      id: 'alert',
      version: '3',
      keys: keysOf(options, shard),
      shared: {},
      layout: alertLayout,
      step(_, own, row, out) {
        own.clockMs[0] = row.timeMs;
        if (!row.filled && isBusy(own)) of(own, row.key, out).tick(row);
        out.emit(row);
      },
      note: (_, own, anomaly, out) => of(own, anomaly.key, out).note(anomaly),
      finish(_, own, key, out, why) {
        if (why === 'evicted') of(own, key, out).forget();
      },
    };
  });
  return { ...stage, aside: true };
}

/** A step that nothing hangs on must refuse no row: where there are too many keys it forgets the one unseen for longest. */
function keysOf({ keys }: AlertOptions, { keysMax }: Shard): KeyLimit | undefined {
  return keys ?? (keysMax === undefined ? undefined : { limit: keysMax, whenFull: 'evict' });
}
