const missing = new Set(['NaN', 'nan', 'NA', 'N/A', 'null', 'NULL']);

/** No number may be larger in size: the memories would take it for missing. */
export const valueMax = 1e18;

/** Stands for a cell that is no number: no number a channel may have is infinite. */
export const refusal = Number.POSITIVE_INFINITY;

/** The number of a cell; NaN where it is missing, infinite where it is refused. */
export function numberOf(cell: unknown): number {
  if (typeof cell === 'string') {
    const value = Number(cell);
    if (value === 0 || Number.isNaN(value)) {
      const text = cell.trim();
      if (text === '' || missing.has(text)) return Number.NaN;
    }
    if (!Number.isFinite(value)) return refusal;
    // `Number` also reads 0x1F, 0b11 and 0o17, which are more likely damage than data.
    return cell.length > 2 && /[xbo]/i.test(cell) ? refusal : value;
  }
  if (typeof cell === 'number') return Number.isFinite(cell) || Number.isNaN(cell) ? cell : refusal;
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  return typeof cell === 'bigint' ? Number(cell) : refusal;
}
