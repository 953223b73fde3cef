import { cut, padEnd, padStart, widthOf } from './text.js';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives up width first when the table is too wide for the terminal, down to its title. */
  readonly gives?: boolean;
  /** Columns that a text in it keeps at least. */
  readonly least?: number;
  /** Left out where the table is still too wide: the one with the highest number first. */
  readonly drops?: number;
}

/** A table in plain text: columns two spaces apart, a thin rule below the titles, no line wider than `width`. */
export function table(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width = 120): string[] {
  const widths = columns.map(({ title }, c) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[c] ?? ''))));
  const gap = 2;
  let over = widths.reduce((sum, w) => sum + w, 0) + gap * (widths.length - 1) - width;
  while (over > 0) {
    // The widest gives first, so that short ones stay whole.
    const giving = columns.flatMap(({ gives, title, least = 8 }, c) =>
      gives && widths[c] > Math.max(widthOf(title), least) ? [c] : [],
    );
    if (giving.length === 0) {
      const first = Math.max(...columns.map(({ drops = 0 }) => drops));
      if (first === 0) break;
      const kept = columns.flatMap(({ drops }, c) => (drops === first ? [] : [c]));
      return table(
        kept.map((c) => columns[c]),
        rows.map((row) => kept.map((c) => row[c] ?? '')),
        width,
      );
    }
    const widest = giving.reduce((a, b) => (widths[b] > widths[a] ? b : a));
    widths[widest]--;
    over--;
  }
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align, gives }, c) => {
        const cell = gives ? cut(cells[c] ?? '', widths[c]) : (cells[c] ?? '');
        return align === 'right' ? padStart(cell, widths[c]) : padEnd(cell, widths[c]);
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((w) => '─'.repeat(w)).join(' '.repeat(gap)),
    ...rows.map(line),
  ];
}
