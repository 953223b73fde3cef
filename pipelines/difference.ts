/** Lines a message takes at most. */
export const differencesMax = 12;

/** What differs between two pipelines as `identityOf` writes them, a line each: where, what was expected, what was found. */
export function differences(expected: string, found: string): string[] {
  const lines = compare('', read(expected), read(found));
  const rest = lines.length - differencesMax;
  return rest > 0 ? [...lines.slice(0, differencesMax), `and ${rest} more`] : lines;
}

/** An identity of another release may be no JSON: then it differs as a whole. */
function read(identity: string): unknown {
  try {
    return JSON.parse(identity);
  } catch {
    return identity;
  }
}

function compare(path: string, expected: unknown, found: unknown): string[] {
  if (path === 'stages' && Array.isArray(expected) && Array.isArray(found)) return compareStages(expected, found);
  if (isRecord(expected) && isRecord(found)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return names.flatMap((name) => compare(path === '' ? name : `${path}.${name}`, expected[name], found[name]));
  }
  const [wanted, came] = [shown(expected), shown(found)];
  return wanted === came ? [] : [`${path || 'pipeline'}: expected ${wanted}, found ${came}`];
}

/** Steps by their names, so that one more or less does not make all behind it differ. */
function compareStages(expected: readonly unknown[], found: readonly unknown[]): string[] {
  const [wanted, came] = [expected, found].map((stages) => stages.map((stage) => Object.keys(stage as object)[0]));
  const order = wanted.join() === came.join() ? [] : [`steps: expected ${wanted.join(', ')}, found ${came.join(', ')}`];
  const settings = expected.flatMap((stage, at) => {
    const [id] = Object.keys(stage as object);
    const twin = wanted.join() === came.join() ? at : came.indexOf(id);
    return twin < 0 ? [] : compare('', stage, found[twin]);
  });
  return [...order, ...settings];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}
