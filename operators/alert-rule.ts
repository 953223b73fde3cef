import { type Alert, type Anomaly, type Direction, directions, type Severity, severities } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { checkLabel, type Labels, labelsOfKey, type Matchers, matcherOf } from './matchers.js';
import { checkNames, checkNumber, checkWord, shown } from './options.js';

/** Which anomalies become alerts, when, and for how long. All times are event time. */
export interface AlertRule {
  /** Its name in alerts; part of their ids. */
  readonly name: string;
  /** What key, channel and labels must be; everything by default. */
  readonly match?: Matchers;
  /** Least severity of the anomaly; default `info`. */
  readonly severity?: Severity;
  /** Which way it must lie; any by default. */
  readonly direction?: Direction | readonly Direction[];
  /** Opens at scores up to `open`, and rows with scores up to `close` keep it open; by default the detector's alarm does. */
  readonly threshold?: { readonly open: number; readonly close: number };
  /** How long rows must stay abnormal before it fires; default 0. */
  readonly minDurationMs?: number;
  /** How long rows must be normal before it is resolved, after its anomaly is over; default 0. */
  readonly closeDurationMs?: number;
  /** Least distance of the value from what was expected. */
  readonly minAbsolute?: number;
  /** The same as a share of what was expected: 0.2 is 20 %. */
  readonly minRelative?: number;
  /** How long after its end the key has no further alert of this rule; default 0. */
  readonly coolDownMs?: number;
  /** A higher severity is told at the earliest so long after the last telling; it never falls while the alert lasts. */
  readonly severityHoldMs?: number;
  /** Put on all its alerts. */
  readonly labels?: Labels;
}

export interface AlertOptions {
  /** At most 8. */
  readonly rules: readonly AlertRule[];
  /** Name of the detector in alerts and their ids; default `engram`. */
  readonly detector?: string;
  /** Labels that are read from the key, such as `{site}/{machine}`. */
  readonly keyLabels?: string;
  /** Address that shows a series: `{key}`, `{from}`, `{to}` and `{id}` are filled in. */
  readonly replayUrl?: string;
  readonly keys?: KeyLimit;
}

export const rulesMax = 8;

/** Labels that every alert has: matchers may ask for them, rules and keys may not give them. */
export const reservedLabels = ['key', 'channel', 'rule', 'detector', 'severity', 'direction', 'status'] as const;

/** A rule with every default filled in, and its matchers ready. */
export interface ReadyRule extends Required<Omit<AlertRule, 'threshold' | 'match' | 'direction' | 'labels'>> {
  readonly threshold: { readonly open: number; readonly close: number } | undefined;
  readonly directions: readonly Direction[];
  readonly labels: Labels;
  /** Least index in `severities`. */
  readonly level: number;
  /** Hash of the name: what saved state knows it by. */
  readonly hash: number;
  readonly matches: (labels: Labels) => boolean;
}

const names = [
  ...(['name', 'match', 'severity', 'direction', 'threshold', 'minDurationMs', 'closeDurationMs'] as const),
  ...(['minAbsolute', 'minRelative', 'coolDownMs', 'severityHoldMs', 'labels'] as const),
];

/** The rules, checked; throws a RangeError that names the field. */
export function readyRules(rules: readonly AlertRule[], where = 'alert.rules'): ReadyRule[] {
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > rulesMax) {
    throw new RangeError(`${where}: expected a list of 1 to ${rulesMax} rules, got ${shown(rules?.length)} of them`);
  }
  const ready = rules.map((rule, i) => readyRule(rule, `${where}[${i}]`));
  ready.forEach(({ name, hash }, i) => {
    const other = ready.findIndex((one) => one.hash === hash);
    if (other < i)
      throw new RangeError(`${where}[${i}].name: expected another name than ${where}[${other}], got ${shown(name)}`);
  });
  return ready;
}

function readyRule(rule: AlertRule, where: string): ReadyRule {
  if (typeof rule !== 'object' || rule === null) throw new RangeError(`${where}: expected a rule, got ${shown(rule)}`);
  checkNames(where, rule, names);
  const { name, match = {}, severity = 'info', direction = directions, threshold, labels = {} } = rule;
  if (typeof name !== 'string' || !/^[^\s].{0,99}$/.test(name)) {
    throw new RangeError(`${where}.name: expected a name of 1 to 100 characters, got ${shown(name)}`);
  }
  checkWord(`${where}.severity`, severity, severities);
  const wanted = typeof direction === 'string' ? [direction] : direction;
  for (const one of wanted) checkWord(`${where}.direction`, one, directions);
  if (threshold !== undefined) {
    checkNames(`${where}.threshold`, threshold, ['open', 'close']);
    checkNumber(`${where}.threshold.open`, threshold.open, { min: 0, max: 1 });
    checkNumber(`${where}.threshold.close`, threshold.close, { min: threshold.open, max: 1 });
  }
  const number = (
    field: 'minDurationMs' | 'closeDurationMs' | 'coolDownMs' | 'severityHoldMs' | 'minAbsolute' | 'minRelative',
  ): number => {
    const value = rule[field] ?? 0;
    checkNumber(`${where}.${field}`, value, { min: 0 });
    return value;
  };
  for (const [label, value] of Object.entries(labels)) {
    checkOwnLabel(label, `${where}.labels`);
    if (typeof value !== 'string')
      throw new RangeError(`${where}.labels.${label}: expected a text, got ${shown(value)}`);
  }
  return {
    name,
    severity,
    level: severities.indexOf(severity),
    directions: wanted,
    threshold,
    minDurationMs: number('minDurationMs'),
    closeDurationMs: number('closeDurationMs'),
    coolDownMs: number('coolDownMs'),
    severityHoldMs: number('severityHoldMs'),
    minAbsolute: number('minAbsolute'),
    minRelative: number('minRelative'),
    labels,
    hash: hashOf(name),
    matches: matcherOf(match, `${where}.match`),
  };
}

/** Labels that a template reads from a key, checked. */
export function keyLabelsOf(template: string | undefined): (key: string) => Record<string, string> {
  if (template === undefined) return () => ({});
  const read = labelsOfKey(template, 'alert.keyLabels');
  for (const [, name] of template.matchAll(/\{([^{}]*)\}/g)) checkOwnLabel(name, 'alert.keyLabels');
  return read;
}

function checkOwnLabel(label: string, where: string): void {
  checkLabel(label, where);
  if ((reservedLabels as readonly string[]).includes(label)) {
    throw new RangeError(
      `${where}: expected another label than ${reservedLabels.join(', ')}, which alerts have, got ${shown(label)}`,
    );
  }
}

/** All labels of an alert, those that change while it lasts among them: what matchers of routes and silences see. */
export function labelsOf(alert: Pick<Alert, (typeof reservedLabels)[number] | 'labels'>): Record<string, string> {
  const { key, channel, rule, detector, severity, direction, status, labels } = alert;
  return { ...labels, key, channel, rule, detector, severity, direction, status };
}

/** Which way an anomaly lies: by its value and what was expected at the peak. */
export function directionOf({
  actual,
  expected,
  kind,
  together,
}: Pick<Anomaly, 'actual' | 'expected' | 'kind' | 'together'>): Direction {
  if (kind === 'together') return together?.direction ?? 'other';
  if (kind === 'silence' || Number.isNaN(actual)) return 'missing';
  if (Number.isNaN(expected) || actual === expected) return 'other';
  return actual > expected ? 'above' : 'below';
}

/** Whether an anomaly is one that the rule is about; `labels` are those of the alert it would be. */
export function isMeant(rule: ReadyRule, anomaly: Anomaly, labels: Labels): boolean {
  const { severity, score, actual, expected } = anomaly;
  if (severities.indexOf(severity) < rule.level) return false;
  if (rule.threshold && !(score <= rule.threshold.open)) return false;
  if (!rule.directions.includes(directionOf(anomaly))) return false;
  // A time and a number of keys have no units of the values.
  if (anomaly.kind !== undefined) return rule.matches(labels);
  const away = Math.abs(actual - expected);
  // What is not known cannot be too small.
  if (rule.minAbsolute > 0 && away < rule.minAbsolute) return false;
  if (rule.minRelative > 0 && away < rule.minRelative * Math.abs(expected)) return false;
  return rule.matches(labels);
}

/** FNV-1a, 32 bits, never 0: a slot of state without a rule has 0. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash || 1;
}
