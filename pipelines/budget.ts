import { checkNames, checkNumber } from '../operators/options.js';
import type { Shard, Stage } from '../operators/stage.js';
import { arena } from '../state/arena.js';
import { keyLimitDefault } from '../state/keys.js';

/** How much state may be kept: refused at the start, with the sum, where the steps are set to hold more. */
export interface Budget {
  /** Bytes of state in the process, the whole address space of the kernels at most (4 GiB); 2 GiB when absent. */
  readonly stateBytes?: number;
  /** Bytes of state of one key in all steps; unbounded when absent. */
  readonly keyBytes?: number;
}

/** Pages and columns are rounded up: so much of the memory is planned with. */
const plannedShare = 0.9;

/** The budget, if its fields are known and whole numbers of at least 1. */
export function checkBudget(budget: Budget): Budget {
  checkNames('budget', budget, ['stateBytes', 'keyBytes']);
  for (const [name, value] of Object.entries(budget)) checkNumber(`budget.${name}`, value, { min: 1, whole: true });
  return budget;
}

/** Sets the limit of the process where a budget names one; the bytes that may be used. */
export function claim({ stateBytes }: Budget = {}): number {
  if (stateBytes !== undefined) arena.limitBytes = stateBytes;
  return arena.limitBytes;
}

/** How many keys fit by default; throws when one key, or the keys that the steps name, would take too much. */
export function keysThatFit(
  // biome-ignore lint/suspicious/noExplicitAny: a chain is typed where it is written, not where it is run
  stages: readonly Stage<any, any>[],
  shard: Shard,
  { stateBytes = arena.limitBytes, keyBytes: keyBytesMax = Number.POSITIVE_INFINITY }: Budget,
): number {
  let told = shard;
  const wants: { name: string; keyBytes: number; keys: number | undefined }[] = [];
  for (const stage of stages) {
    const memory = (stage.settings as { memory?: string } | undefined)?.memory;
    const wanted = stage.wants?.(told) ?? [];
    for (const { id, ...want } of wanted) {
      wants.push({ ...want, name: memory && id === 'remember' ? `${id} ${memory}` : id });
    }
    told = { ...told, ...stage.tells };
  }
  const keyBytes = wants.reduce((sum, want) => sum + want.keyBytes, 0);
  if (keyBytes > keyBytesMax) {
    const parts = wants.filter((want) => want.keyBytes > 0).map((want) => `${want.name} ${count(want.keyBytes)}`);
    throw new RangeError(
      `budget.keyBytes: expected a key to take at most ${count(keyBytesMax)} bytes, it takes ${count(keyBytes)} ` +
        `(${parts.join(' + ')}): choose a smaller memory or fewer horizons, or raise the budget`,
    );
  }
  const named = wants.filter((want) => want.keys !== undefined);
  const namedBytes = named.reduce((sum, want) => sum + want.keyBytes * (want.keys as number), 0);
  const eachBytes = wants.reduce((sum, want) => sum + (want.keys === undefined ? want.keyBytes : 0), 0);
  const left = plannedShare * stateBytes - namedBytes;
  if (left < eachBytes) {
    const sums = [
      ...named.map(
        (want) =>
          `${want.name}: ${count(want.keyBytes)} bytes a key x ${count(want.keys as number)} keys = ` +
          size(want.keyBytes * (want.keys as number)),
      ),
      ...(eachBytes > 0 ? [`${count(eachBytes)} bytes for one key of the other steps`] : []),
    ];
    throw new RangeError(
      `budget.stateBytes: expected the keys to fit into nine tenths of the budget of ${size(stateBytes)}, they take ` +
        `${size(namedBytes + eachBytes)} (${sums.join(', ')}): lower keys.limit, choose a smaller memory or ` +
        'shared weights, or raise the budget',
    );
  }
  return Math.max(1, Math.min(keyLimitDefault.limit, Math.floor(left / Math.max(1, eachBytes))));
}

const count = (n: number): string => n.toLocaleString('en-US');

/** Bytes as people write them: powers of two as such, all else in tens. */
function size(bytes: number): string {
  for (const [unit, name] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const) {
    if (bytes >= unit && bytes % unit === 0 && bytes < 1024 * unit) return `${bytes / unit} ${name}`;
  }
  for (const [unit, name] of [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const) {
    if (bytes >= unit) return `${(bytes / unit).toFixed(1)} ${name}`;
  }
  return `${bytes} bytes`;
}
