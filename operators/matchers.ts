import { shown } from './options.js';

/** Text with `*` for any characters and `?` for one; or several, of which one must fit. */
export type Pattern = string | readonly string[];

/** What labels must be: every one named must fit its pattern, or with `not` must not. A label that is not there is ''. */
export type Matchers = Readonly<Record<string, Pattern | { readonly not: Pattern }>>;
export type Labels = Readonly<Record<string, string>>;

/** A test of labels; an empty one fits all. Its time is bounded by the lengths of pattern and text, whatever they hold. */
export function matcherOf(matchers: Matchers, where: string): (labels: Labels) => boolean {
  const tests = Object.entries(matchers).map(([label, wanted]) => {
    checkLabel(label, `${where}.${label}`);
    const inverted = typeof wanted === 'object' && !Array.isArray(wanted) && wanted !== null;
    const pattern = inverted ? (wanted as { not: Pattern }).not : (wanted as Pattern);
    const patterns = typeof pattern === 'string' ? [pattern] : pattern;
    if (!Array.isArray(patterns) || patterns.length === 0 || !patterns.every((one) => typeof one === 'string')) {
      throw new RangeError(
        `${where}.${label}: expected a text such as "pump-*", a list of them, or {"not": …}, got ${shown(wanted)}`,
      );
    }
    return { label, inverted, patterns: patterns as readonly string[] };
  });
  return (labels) =>
    tests.every(({ label, inverted, patterns }) => {
      const text = Object.hasOwn(labels, label) ? labels[label] : '';
      return patterns.some((pattern) => fits(pattern, text)) !== inverted;
    });
}

/** Whether a text fits a pattern: the star that was met last is the only one that is ever tried again. */
export function fits(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Labels read from a key by a template such as `{site}/{machine}`: each name takes the text up to what stands after it,
 * the last one the rest. A key that does not fit has none of them.
 */
export function labelsOfKey(template: string, where: string): (key: string) => Record<string, string> {
  const parts = template.split(/\{([^{}]*)\}/);
  const names = parts.filter((_, i) => i % 2 === 1);
  const texts = parts.filter((_, i) => i % 2 === 0);
  for (const name of names) checkLabel(name, where);
  const adjacent = texts.slice(1, -1).some((text) => text === '');
  if (names.length === 0 || adjacent || new Set(names).size < names.length) {
    throw new RangeError(
      `${where}: expected names in braces with text between them, such as {site}/{machine}, got ${shown(template)}`,
    );
  }
  return (key) => {
    if (!key.startsWith(texts[0])) return {};
    const labels: Record<string, string> = {};
    let at = texts[0].length;
    for (let i = 0; i < names.length; i++) {
      const after = texts[i + 1];
      const end = i === names.length - 1 ? key.length - after.length : key.indexOf(after, at);
      if (end < at || !key.startsWith(after, end)) return {};
      labels[names[i]] = key.slice(at, end);
      at = end + after.length;
    }
    return labels;
  };
}

/** Names that would be taken for something else. */
const forbidden = ['__proto__', 'constructor', 'prototype'];

/** Refuses names that are no label: letters, digits and underscores, as in Prometheus. */
export function checkLabel(name: string, where: string): void {
  if (/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/.test(name) && !forbidden.includes(name)) return;
  throw new RangeError(`${where}: expected a label of letters, digits and _ (at most 64), got ${shown(name)}`);
}
