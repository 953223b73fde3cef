import { hint } from '../connectors/nearest.js';

/** A pipeline that was written wrongly: names the place, what was expected, and what came. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
}

/** What a schema found wrong, as zod says it. */
export interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly keys?: readonly string[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly errors?: readonly (readonly Issue[])[];
}

/** The first thing wrong as one sentence; `path` leads to the value that `schema`, one of zod, was given. */
export function explain(issues: readonly Issue[], value: unknown, path: string, schema: unknown): string {
  // A misspelt name explains a missing one, so it is told first.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const where = place(path, issue.path);
  const at = where === '' ? '' : `${where}: `;
  const came = valueAt(value, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const [key] = issue.keys ?? [''];
      const names = fieldsAt(schema, issue.path);
      const expected = names.length > 0 ? `expected one of ${names.join(', ')}` : 'there is no such field';
      return `${place(where, [key])}: ${expected}, got ${shown(key)}${hint(key, names)}`;
    }
    case 'invalid_type':
      return came === undefined
        ? `${at}expected ${typeName(issue.expected)}, it is missing`
        : `${at}expected ${typeName(issue.expected)}, got ${shown(came)}`;
    case 'invalid_value': {
      const words = (issue.values ?? []).map(String);
      return `${at}expected ${words.length > 1 ? `one of ${words.join(', ')}` : words[0]}, got ${shown(came)}${hint(String(came), words)}`;
    }
    case 'too_small':
      return `${at}expected ${bound('of at least', 'above', issue, issue.minimum)}, got ${shown(came)}`;
    case 'too_big':
      return `${at}expected ${bound('of at most', 'below', issue, issue.maximum)}, got ${shown(came)}`;
    case 'invalid_union': {
      // The alternative that got furthest is the one that was meant.
      const [meant] = [...(issue.errors ?? [])].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
      return meant && depth(meant) > 0
        ? explain(
            meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
            value,
            path,
            schema,
          )
        : `${at}expected ${alternatives(issue, schemaAt(schema, issue.path))}, got ${shown(came)}`;
    }
    default:
      return `${at}${issue.message}, got ${shown(came)}`;
  }
}

const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

const alternatives = (issue: Issue, schemas: readonly Schema[]): string =>
  (issue.errors ?? [])
    .map(([first], i) => {
      if (first?.values) return first.values.join(', ');
      const isObject = first?.expected === 'object' || first?.code === 'unrecognized_keys';
      const fields = isObject ? Object.keys(schemas[i]?.def?.shape ?? {}) : [];
      return fields.length > 0 ? `{${fields.map((field) => `"${field}": …`).join(', ')}}` : typeName(first?.expected);
    })
    .join(' or ');

/** What is asked of a schema of zod. */
interface Schema {
  readonly def?: {
    readonly type: string;
    readonly shape?: Readonly<Record<string, Schema>>;
    readonly element?: Schema;
    readonly innerType?: Schema;
    readonly valueType?: Schema;
    readonly options?: readonly Schema[];
  };
}

/** The schemas that a value at this place may fit: several where there are alternatives. */
function schemaAt(schema: unknown, path: readonly PropertyKey[]): Schema[] {
  const { def } = (schema ?? {}) as Schema;
  if (!def) return [];
  if (def.innerType) return schemaAt(def.innerType, path);
  if (def.options) return def.options.flatMap((option) => schemaAt(option, path));
  if (path.length === 0) return [schema as Schema];
  const [part, ...rest] = path;
  const inner =
    def.element ?? def.valueType ?? (def.shape && Object.hasOwn(def.shape, part) ? def.shape[String(part)] : undefined);
  return inner ? schemaAt(inner, rest) : [];
}

const fieldsAt = (schema: unknown, path: readonly PropertyKey[]): string[] => [
  ...new Set(schemaAt(schema, path).flatMap(({ def }) => Object.keys(def?.shape ?? {}))),
];

function bound(inclusive: string, exclusive: string, issue: Issue, limit: number | bigint | undefined): string {
  const word = issue.inclusive === false ? exclusive : inclusive;
  return `${issue.origin === 'array' ? 'a list' : issue.origin === 'string' ? 'a text' : 'a number'} ${word} ${limit}`;
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};
const typeName = (expected = ''): string => typeNames[expected] ?? expected;

/** A path as people write it: `stages[3].remember.horizons[1]`. */
export function place(path: string, parts: readonly PropertyKey[]): string {
  return parts.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    path,
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[part];
  }
  return found;
}

/** A value inside a message, not too long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
