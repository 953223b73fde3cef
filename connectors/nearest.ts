/** The name most like the one given, if any is like enough to be meant: for "did you mean" in errors. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(name.length / 2));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of names) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing: to be put into an error message. */
export function hint(name: string, names: readonly string[]): string {
  const found = nearest(name, names);
  return found === undefined ? '' : ` (did you mean "${found}"?)`;
}

/** Insertions, deletions and substitutions that turn `a` into `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + change));
    }
    above = row;
  }
  return above[b.length];
}
