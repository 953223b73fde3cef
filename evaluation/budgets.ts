import type { AlarmBudget } from '../operators/budget.js';
import { BarOf, barLayout, barSharedLayout } from '../operators/evidence/bar.js';
import { Slab } from '../state/slab.js';
import type { Evidence } from './judged.js';

/** Evidence that is commoner alarms at no budget, so it need not be kept. */
const rareEnough = 0.05;
const nothing: Evidence = { rarity: 1, newness: 0 };

/** What was judged in each of many keys, to be put before one bar after another as rows of one shard. */
export class JudgedKeys {
  readonly #keys = new Map<string, Map<number, Evidence>>();

  get keys(): number {
    return this.#keys.size;
  }

  see(key: string, row: number, evidence: Evidence | undefined): void {
    let rows = this.#keys.get(key);
    if (!rows) {
      rows = new Map();
      this.#keys.set(key, rows);
    }
    if (evidence && evidence.rarity < rareEnough) rows.set(row, evidence);
  }

  /** Alarms of all keys, which report together every `stepMs`; rows before `first` are not judged. */
  alarms(budget: AlarmBudget, rows: number, first: number, stepMs: number): number {
    const bar = new BarOf(budget);
    const common = new Slab(barSharedLayout);
    const each = new Slab(barLayout);
    try {
      const shared = common.row(common.add());
      const keys = [...this.#keys.values()].map((seen) => ({ seen, own: each.row(each.add()) }));
      let alarms = 0;
      for (let row = 0; row < rows; row++) {
        for (const { seen, own } of keys) {
          bar.tick(shared, (row + 1) * stepMs);
          if (row < first) continue;
          const { rarity, newness } = seen.get(row) ?? nothing;
          if (bar.passes(shared, own, stepMs, rarity, newness)) alarms++;
        }
      }
      return alarms;
    } finally {
      common.free();
      each.free();
    }
  }
}
