import { detectDefaults, type Judged } from '../operators/detect.js';
import { JudgeOf, judgeLayout } from '../operators/evidence/judge.js';
import { extended, keyed, type Stage } from '../operators/stage.js';
import { type Layout, u32 } from '../state/layout.js';

/** What a budget goes by: how new a row is, and at what share of rows so much begins by chance. */
export interface Evidence {
  readonly rarity: number;
  readonly newness: number;
}

const { warmupRows, memoryRows } = detectDefaults;

/** Tells all evidence of a row as `detect` weighs it, whatever the budget, so that one pass serves many budgets. */
export const judged = <A extends Judged>(): Stage<A, A & { readonly evidence?: Evidence }> => {
  const layoutOf = (channels: number) => ({ rows: u32(), judge: judgeLayout(channels) }) satisfies Layout;
  return keyed<Record<never, never>, ReturnType<typeof layoutOf>, A, A & { readonly evidence?: Evidence }>(
    'judged',
    {},
    ({ channels }) => {
      const judges = new JudgeOf(channels.length, memoryRows);
      return {
        id: 'judged',
        version: '1',
        shared: {},
        layout: layoutOf(channels.length),
        step(_, own, row, out) {
          own.rows[0]++;
          judges.judge(own.judge, row, own.rows[0] > warmupRows);
          const { rarity, newness } = judges;
          out.emit(own.rows[0] > warmupRows ? extended(row, { evidence: { rarity, newness } }) : row);
        },
      };
    },
  );
};
