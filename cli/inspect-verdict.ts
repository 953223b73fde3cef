import type { SavedColumn } from '../state/arrow.js';
import { count, figure } from './numbers.js';

type Column = SavedColumn & { readonly numbers: readonly number[] };

/** What a detector and `episode` know of a key, in words: how long it warms up yet, what its budget is, what there was before. */
export function verdictLines(stage: string, pipeline: string, columns: readonly Column[]): string[] {
  const of = (path: string): readonly number[] => columns.find((column) => column.path === path)?.numbers ?? [];
  if (stage === 'detect' || stage === 'htm-detect') {
    const [rows = 0] = of('rows');
    // Exact ranks count down to where they are fine enough, and keep their account beside them.
    const [left = Math.max(0, warmupOf(pipeline, stage) - rows)] = of('conformal.left');
    const first =
      of('conformal.left').length > 0 ? 'a row that is strange alone can alarm' : 'the first alarm can come';
    const seen =
      left > 0
        ? `  warming up: ${count(rows)} rows seen, ${count(left)} more until ${first}`
        : `  judged: warm-up over, ${count(rows)} rows seen`;
    if (stage === 'htm-detect') return [seen];
    const [overdrawn = 0] = [...of('bar.overdrawn'), ...of('conformal.overdrawn')];
    return [
      seen,
      overdrawn > 0
        ? `  budget overdrawn: an alarm must be ${figure(Math.exp(overdrawn))} times as rare as the budget asks`
        : '  budget not overdrawn',
    ];
  }
  if (stage !== 'episode') return [];
  const [past = 0] = of('card.past');
  const starts = of('card.pastStartMs');
  const shown = Math.min(past, starts.length, 3);
  const times = Array.from({ length: shown }, (_, i) =>
    new Date(starts[(past - 1 - i) % starts.length] as number).toISOString(),
  );
  return [`  anomalies before: ${count(past)}${times.length > 0 ? `, the last at ${times.join(', ')}` : ''}`];
}

/** Rows of warm-up of a detector as the settings of the pipeline say, which a checkpoint keeps as text. */
function warmupOf(pipeline: string, detector: string): number {
  const { stages = [] } = JSON.parse(pipeline) as { stages?: Record<string, { warmupRows?: number }>[] };
  return stages.find((stage) => stage[detector])?.[detector].warmupRows ?? 0;
}
