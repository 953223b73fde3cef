import { z } from 'zod';
import { type AlertSinkName, type AlertSinkSpec, alertSinkOf, alertSinks } from '../connectors/alerts/catalog.js';
import type { AlertSink } from '../connectors/alerts/sink.js';
import { hint } from '../connectors/nearest.js';
import { directions, severities } from '../event.js';
import { alert } from '../operators/alert.js';
import type { Watched } from '../operators/alert-desk.js';
import { type AlertOptions, type AlertRule, readyRules } from '../operators/alert-rule.js';
import { keyLimitDefault } from '../state/keys.js';
import type { AlertFeedOptions } from './alert-feed.js';
import { checkLabels } from './alert-labels.js';
import { days } from './alert-silences.js';
import type { Pipeline } from './pipeline.js';
import { explain, type Issue, SpecError, shown } from './spec-error.js';

/** What becomes an alert and where alerts go, as plain JSON: the section `alerts` of a pipeline. */
export interface AlertSpec
  extends Pick<AlertFeedOptions, 'routes' | 'silences' | 'maintenance' | 'queue' | 'drainMs'>,
    Omit<AlertOptions, 'keys'> {
  readonly sinks?: Readonly<Record<string, AlertSinkSpec>>;
  /** A JSON file with further silences, looked at again whenever it changes. */
  readonly silencesFile?: string;
  /** Where the queues lie; beside the state by default. */
  readonly folder?: string;
}

const text = z.string().min(1);
const ms = z.number().min(0).exactOptional();
const whole = z.int().min(1).exactOptional();
const place = z.union([z.strictObject({ env: text }), z.strictObject({ file: text })]);
const pattern = z.union([z.string(), z.array(z.string()).min(1)]);
const match = z.record(z.string(), z.union([pattern, z.strictObject({ not: pattern })]));
const direction = z.enum(directions);
const labels = z.record(z.string(), z.string());

const rule = z.strictObject({
  name: text,
  match: match.exactOptional(),
  severity: z.enum(severities).exactOptional(),
  direction: z.union([direction, z.array(direction).min(1)]).exactOptional(),
  threshold: z.strictObject({ open: z.number().min(0).max(1), close: z.number().min(0).max(1) }).exactOptional(),
  minDurationMs: ms,
  closeDurationMs: ms,
  minAbsolute: ms,
  minRelative: ms,
  coolDownMs: ms,
  severityHoldMs: ms,
  labels: labels.exactOptional(),
});

const silence = z.strictObject({
  name: text,
  match,
  startsAt: text,
  endsAt: text,
  comment: z.string().exactOptional(),
});

const maintenance = z.strictObject({
  name: text,
  match,
  days: z.array(z.enum(days)).min(1),
  from: text,
  to: text,
  zone: text.exactOptional(),
  endsAt: text,
});

const route = z.strictObject({
  match: match.exactOptional(),
  sinks: z.array(text).exactOptional(),
  groupBy: z.array(text).exactOptional(),
  waitMs: ms,
  intervalMs: ms,
  repeatMs: ms,
  sendResolved: z.boolean().exactOptional(),
  goOn: z.boolean().exactOptional(),
});

const reach = { allow: z.array(text).exactOptional(), timeoutMs: whole, ca: text.exactOptional() };
const kafka = z.looseObject({ brokers: z.array(text).min(1) });

/** What each sink accepts. Secrets are places to read them from: a specification holds none. */
const sinks: { readonly [N in AlertSinkName]: z.ZodType & { readonly shape: object } } = {
  file: z.strictObject({ path: text }),
  webhook: z.strictObject({
    url: z.union([text, place]),
    secret: place,
    headers: z.record(z.string(), place).exactOptional(),
    alertsMax: whole,
    redirects: z.int().min(0).max(5).exactOptional(),
    ...reach,
  }),
  slack: z.strictObject({ url: place, ...reach }),
  alertmanager: z.strictObject({
    url: text,
    username: text.exactOptional(),
    password: place.exactOptional(),
    bearer: place.exactOptional(),
    resendMs: whole,
    ...reach,
  }),
  pagerduty: z.strictObject({ routingKey: place, url: text.exactOptional(), ...reach }),
  email: z.strictObject({
    host: text,
    port: z.int().min(1).max(65_535).exactOptional(),
    tls: z.enum(['require', 'never']).exactOptional(),
    username: text.exactOptional(),
    password: place.exactOptional(),
    from: text,
    to: z.array(text).min(1),
    ...reach,
  }),
  kafka: z.strictObject({ kafka, topic: text }),
};

const schema = z.strictObject({
  rules: z.array(rule).min(1),
  detector: text.exactOptional(),
  keyLabels: text.exactOptional(),
  replayUrl: text.exactOptional(),
  routes: z.array(route).min(1).exactOptional(),
  sinks: z.record(z.string(), z.unknown()).exactOptional(),
  silences: z.array(silence).exactOptional(),
  silencesFile: text.exactOptional(),
  maintenance: z.array(maintenance).exactOptional(),
  queue: z
    .strictObject({
      limit: whole,
      whenFull: z.enum(['drop-oldest', 'drop-newest']).exactOptional(),
      backoffMs: z.strictObject({ first: z.number().min(1), most: z.number().min(1) }).exactOptional(),
      patienceMs: z.number().min(0).exactOptional(),
      rate: z.strictObject({ count: z.int().min(1), perMs: z.number().min(1) }).exactOptional(),
      segmentBytes: z.int().min(4096).exactOptional(),
    })
    .exactOptional(),
  drainMs: ms,
  folder: text.exactOptional(),
});

/** The value as a section `alerts`, or a `SpecError` that names the field, what was expected, and what came. */
export function parseAlerts(value: unknown, from = 'alerts'): AlertSpec {
  const found = schema.safeParse(value);
  if (!found.success) {
    throw new SpecError(`${from}: ${explain(issuesOf(found.error), value, '', schema)}`);
  }
  for (const [name, sink] of Object.entries(found.data.sinks ?? {})) {
    const wrong = wrongSink(sink, `sinks.${name}`);
    if (wrong) throw new SpecError(`${from}: ${wrong}`);
  }
  try {
    readyRules(found.data.rules, 'rules');
  } catch (error) {
    throw new SpecError(`${from}: ${(error as Error).message}`);
  }
  checkLabels(found.data as unknown as AlertSpec, from);
  return found.data as unknown as AlertSpec;
}

/** One rule as JSON, for `engram alerts preview`. */
export function parseRule(value: unknown, from: string): AlertRule {
  const found = rule.safeParse(value);
  if (found.success) return found.data as AlertRule;
  throw new SpecError(`${from}: ${explain(issuesOf(found.error), value, '', rule)}`);
}

/** Silences as JSON, such as `silencesFile` holds. */
export function parseSilences(value: unknown, from: string): NonNullable<AlertSpec['silences']> {
  const found = z.array(silence).safeParse(value);
  if (found.success) return found.data;
  throw new SpecError(`${from}: ${explain(issuesOf(found.error), value, 'silences', z.array(silence))}`);
}

function wrongSink(sink: unknown, path: string): string | undefined {
  const names = Object.keys(alertSinks) as AlertSinkName[];
  const given = typeof sink === 'object' && sink !== null && !Array.isArray(sink) ? Object.keys(sink) : [];
  if (given.length !== 1)
    return `${path}: expected one kind of sink with its options, such as {"file": {"path": …}}, got ${shown(sink)}`;
  const [name] = given;
  if (!Object.hasOwn(sinks, name))
    return `${path}: expected one of ${names.join(', ')}, got ${shown(name)}${hint(name, names)}`;
  const kind = sinks[name as AlertSinkName];
  const options = (sink as Record<string, unknown>)[name];
  const found = kind.safeParse(options);
  if (found.success) return undefined;
  const issues = issuesOf(found.error);
  const sentence = explain(issues, options, `${path}.${name}`, kind);
  // What came may be a secret that was written where none belongs: the place is told, the value is not.
  if (issues.some(({ code }) => code === 'unrecognized_keys')) return sentence;
  // A suggestion is one of the names there are, so it may stand.
  const [suggestion = ''] = / \(did you mean "[^"]*"\?\)$/.exec(sentence) ?? [];
  return `${sentence.replace(/, got [\s\S]*$/, ', got something else (values of sinks are not shown)')}${suggestion}`;
}

/** The pipeline with a step that makes alerts, and the section it was made of; `from` is what errors call the section. */
export function withAlerts<B extends Watched>(
  pipeline: Pipeline<B>,
  spec: AlertSpec,
  from = `${pipeline.name}: alerts`,
): Pipeline<B> {
  if (!pipeline.stages.some(({ id }) => id === 'episode')) {
    throw new SpecError(
      `${from}: expected a step episode in the pipeline ${pipeline.name}, whose anomalies become alerts, there is none: add it`,
    );
  }
  checkLabels(spec, from);
  const { rules, keyLabels, replayUrl, detector = pipeline.name } = spec;
  // As many keys as any other step may hold: this one must neither refuse nor forget what they know.
  const limits = pipeline.stages.flatMap(
    ({ settings }) => (settings as { keys?: { limit: number } } | undefined)?.keys?.limit ?? [],
  );
  const options: AlertOptions = {
    rules,
    detector,
    ...(keyLabels === undefined ? {} : { keyLabels }),
    ...(replayUrl === undefined ? {} : { replayUrl }),
    ...(limits.length > 0 ? { keys: { limit: Math.max(keyLimitDefault.limit, ...limits), whenFull: 'evict' } } : {}),
  };
  try {
    return { ...pipeline.through(alert<B>(options)), alerts: spec };
  } catch (error) {
    throw new SpecError(`${from}: ${(error as Error).message.replace(/^alert\./, '')}`);
  }
}

/** The sinks of a section, opened; `more` are added by their names. */
export async function alertSinksOf(spec: AlertSpec): Promise<Record<string, AlertSink>> {
  const made: Record<string, AlertSink> = {};
  for (const [name, sink] of Object.entries(spec.sinks ?? {})) {
    try {
      made[name] = await alertSinkOf(sink);
    } catch (error) {
      for (const one of Object.values(made)) await one.close();
      throw new SpecError(`alerts.sinks.${name}: ${(error as Error).message}`);
    }
  }
  return made;
}

const issuesOf = (error: z.ZodError): readonly Issue[] => error.issues as unknown as readonly Issue[];
