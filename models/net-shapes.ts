import { lruNet } from './lru-net.js';
import { lstmNet } from './lstm-net.js';
import { minNet } from './min-net.js';
import type { NetCell } from './net-cell.js';
import { inputs } from './net-past.js';

/** The memories whose weights all keys of a shard may share: which equations, and how many units. */
export const netShapes = {
  lstm: { kind: 'lstm', units: 32 },
  mingru: { kind: 'min-gru', units: 48 },
  minlstm: { kind: 'min-lstm', units: 48 },
  ssm: { kind: 'lru', units: 24 },
} as const;

export type NetName = keyof typeof netShapes;
export type NetShape = (typeof netShapes)[NetName];

export const netNames = Object.keys(netShapes) as NetName[];

/** The cell of a shape, which is told `inputs` numbers of each row. */
export function cellOf({ kind, units }: { readonly kind: NetShape['kind']; readonly units: number }): NetCell {
  switch (kind) {
    case 'lstm':
      return lstmNet(inputs, units);
    case 'min-gru':
      return minNet('gru', inputs, units);
    case 'min-lstm':
      return minNet('lstm', inputs, units);
    case 'lru':
      return lruNet(inputs, units);
  }
}
