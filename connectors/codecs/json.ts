import { parseJson } from '../json-text.js';
import type { PayloadCodec } from '../kafka/decode.js';

/** One JSON object per record; fields are paths such as `sensor.temperature` or `values.0`. */
export function jsonCodec(): PayloadCodec {
  const steps = new Map<string, readonly string[]>();
  return {
    name: 'json',
    fields(value, paths) {
      let parsed: unknown;
      try {
        parsed = parseJson(value.toString('utf8'));
      } catch (error) {
        return { reason: 'not-json', message: `expected a JSON object: ${(error as Error).message}` };
      }
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
        const came = Array.isArray(parsed) ? 'a list' : parsed === null ? 'null' : `a ${typeof parsed}`;
        return { reason: 'not-json', message: `expected a JSON object, came ${came}` };
      }
      return paths.map((path) => {
        let names = steps.get(path);
        if (!names) {
          names = path.split('.');
          steps.set(path, names);
        }
        return walk(parsed, path, names);
      });
    },
  };
}

/** A field called `a.b` comes before a field `b` inside of `a`. */
export function walk(object: unknown, path: string, names: readonly string[]): unknown {
  if (typeof object === 'object' && object !== null && Object.hasOwn(object, path)) {
    return (object as Record<string, unknown>)[path];
  }
  let at = object;
  for (const name of names) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
