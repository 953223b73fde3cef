import type { AlertOptions, AlertRule } from '../operators/alert-rule.js';
import { readyRules } from '../operators/alert-rule.js';
import { checkLabels } from '../pipelines/alert-labels.js';
import { type AlertSpec, parseRule } from '../pipelines/alert-spec.js';
import { isInline, jsonOf } from './alert-desk.js';
import { UsageError } from './failure.js';
import { usage } from './source.js';

/**
 * What a preview asks about: rules that were given, or those of the section of a pipeline; in either case with what that section
 * says of keys and of the detector, and nothing of where alerts go.
 */
export async function previewedSection(
  given: readonly AlertRule[] | undefined,
  own: AlertSpec | undefined,
  pipeline: string,
): Promise<Omit<AlertOptions, 'keys'>> {
  const rules = given ?? own?.rules;
  if (!rules) {
    throw new UsageError(
      `alerts preview: expected --rule, or a pipeline with rules in its section alerts, ${pipeline} has none: give one of them`,
    );
  }
  const { keyLabels, replayUrl, detector } = own ?? {};
  const section = {
    rules,
    ...(keyLabels === undefined ? {} : { keyLabels }),
    ...(replayUrl === undefined ? {} : { replayUrl }),
    ...(detector === undefined ? {} : { detector }),
  };
  await usage(async () => checkLabels(section, given ? '--rule' : pipeline));
  return section;
}

/** Rules as they were given, each a file or JSON of one rule or of a list. */
export async function givenRules(given: readonly string[]): Promise<AlertRule[]> {
  const rules: AlertRule[] = [];
  for (const one of given) {
    const value = await jsonOf(one);
    const from = isInline(one) ? '--rule' : one;
    const section = ['rules', 'alerts'].find((name) => Object.hasOwn(Object(value), name));
    if (section !== undefined) {
      throw new UsageError(
        `${from}: expected a rule such as {"name": "any"}, or a list of rules, got an object with ${section}: give the list in it ` +
          'alone, or the pipeline that has this section as --pipeline and no --rule',
      );
    }
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    rules.push(...(await usage(async () => list.map((rule) => parseRule(rule, from)))));
  }
  try {
    readyRules(rules, 'rules');
  } catch (error) {
    throw new UsageError(`--rule: ${(error as Error).message}`);
  }
  return rules;
}
