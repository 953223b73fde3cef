/** What a number given as an option must be. */
export interface NumberRule {
  readonly min?: number;
  /** It must be more than this. */
  readonly above?: number;
  readonly max?: number;
  readonly whole?: boolean;
}

/** Throws a RangeError naming the option, what was expected and what came, unless `value` keeps the rule. */
export function checkNumber(option: string, value: unknown, { min, above, max, whole }: NumberRule = {}): void {
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (max === undefined || value <= max) &&
    (!whole || Number.isInteger(value));
  if (fits) return;
  const from = min === undefined ? (above === undefined ? '' : ` of more than ${above}`) : ` of at least ${min}`;
  const to = max === undefined ? '' : `${from ? ' and' : ' of'} at most ${max}`;
  throw new RangeError(`${option}: expected a ${whole ? 'whole ' : ''}number${from}${to}, got ${shown(value)}`);
}

/** Throws a RangeError naming the option and the words it knows, unless `value` is one of them. */
export function checkWord(option: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  throw new RangeError(`${option}: expected one of ${words.join(', ')}, got ${shown(value)}`);
}

/** Throws a RangeError naming every option that the operator does not know: a misspelt one would do nothing. */
export function checkNames(operator: string, options: object, known: readonly string[]): void {
  const strange = Object.keys(options).filter((name) => !known.includes(name));
  if (strange.length === 0) return;
  throw new RangeError(
    `${operator}.${strange[0]}: expected one of the options ${known.join(', ')}, got ${shown(strange[0])}`,
  );
}

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  return typeof value === 'number' || value === undefined ? String(value) : (JSON.stringify(value) ?? String(value));
}
