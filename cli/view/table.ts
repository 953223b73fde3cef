import { cut, padEnd, padStart, widthOf } from './text.js';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives up width first when the table is too wide for the terminal, down to its title. */
  readonly gives?: boolean;
}

/** A table in plain text: columns two spaces apart, a thin rule below the titles, no line wider than `width`. */
export function table(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width = 120): string[] {
  const widths = columns.map(({ title }, c) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[c] ?? ''))));
  const gap = 2;
  let over = widths.reduce((sum, w) => sum + w, 0) + gap * (widths.length - 1) - width;
  for (const [c, { gives, title }] of columns.entries()) {
    if (!gives || over <= 0) continue;
    const least = Math.max(widthOf(title), 8);
    const taken = Math.min(over, Math.max(0, widths[c] - least));
    widths[c] -= taken;
    over -= taken;
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
