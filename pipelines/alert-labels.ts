import { hint } from '../connectors/nearest.js';
import { reservedLabels } from '../operators/alert-rule.js';
import type { Matchers } from '../operators/matchers.js';
import type { AlertSpec } from './alert-spec.js';
import { SpecError } from './spec-error.js';

/** Labels that alerts of a section can have: those that all have, those that are read from keys, and those of its rules. */
export function knownLabels({ keyLabels = '', rules }: Pick<AlertSpec, 'keyLabels' | 'rules'>): string[] {
  const ofKeys = [...keyLabels.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name);
  return [...new Set([...reservedLabels, ...ofKeys, ...rules.flatMap(({ labels = {} }) => Object.keys(labels))])];
}

/**
 * Throws a `SpecError` at the first label that is asked for and that no alert of the section can have: it would fit nothing,
 * or with `not` everything, and nobody would notice.
 */
export function checkLabels(spec: AlertSpec, from: string): void {
  const known = knownLabels(spec);
  const { rules, routes = [], silences = [], maintenance = [] } = spec;
  for (const [place, list] of Object.entries({ rules, routes, silences, maintenance })) {
    checkMatches(list, known, `${from}: ${place}`);
  }
  for (const [i, { groupBy = [] }] of routes.entries()) {
    for (const [j, label] of groupBy.entries()) checkLabel(label, known, `${from}: routes[${i}].groupBy[${j}]`);
  }
}

/** The same of what a list asks for, such as the silences of a file. */
export function checkMatches(
  list: readonly { readonly match?: Matchers }[],
  known: readonly string[],
  where: string,
): void {
  for (const [i, { match = {} }] of list.entries()) {
    for (const label of Object.keys(match)) checkLabel(label, known, `${where}[${i}].match.${label}`);
  }
}

/** Labels that not all alerts have, whatever their section. */
export const strangeLabels = (match: Matchers): string[] =>
  Object.keys(match).filter((label) => !(reservedLabels as readonly string[]).includes(label));

function checkLabel(label: string, known: readonly string[], where: string): void {
  if (known.includes(label)) return;
  throw new SpecError(
    `${where}: expected a label that alerts have (${known.join(', ')}; others come from keyLabels and from labels of rules), ` +
      `got ${JSON.stringify(label)}${hint(label, known)}`,
  );
}
