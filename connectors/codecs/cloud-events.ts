import { parseJson } from '../json-text.js';
import type { PayloadCodec } from '../kafka/decode.js';
import { walk } from './json.js';

const attributes = ['id', 'source', 'specversion', 'type', 'time', 'subject', 'partitionkey'];

/**
 * CloudEvents 1.0 with JSON data, in both forms: attributes in headers (`ce_type` …) or all in one JSON envelope. Fields are
 * those of the data; attributes go by `ce.type`, `ce.time` and so on.
 */
export function cloudEventsCodec(): PayloadCodec {
  return {
    name: 'cloudevents',
    fields(value, paths, { headers }) {
      const header = (name: string): string | undefined => {
        const at = headers[name];
        const first = Array.isArray(at) ? at[0] : at;
        return first === undefined ? undefined : String(first);
      };
      let body: unknown;
      try {
        body = parseJson(value.toString('utf8'));
      } catch (error) {
        return { reason: 'not-json', message: `expected JSON: ${(error as Error).message}` };
      }
      const structured = header('content-type')?.startsWith('application/cloudevents+json') === true;
      const envelope: Record<string, unknown> = structured
        ? { ...(body as object) }
        : Object.fromEntries(attributes.map((name) => [name, header(`ce_${name}`)]));
      const lacking = ['id', 'source', 'specversion', 'type'].filter((name) => typeof envelope[name] !== 'string');
      if (lacking.length > 0) {
        return { reason: 'not-a-cloudevent', message: `expected the attributes ${lacking.join(', ')} of a CloudEvent` };
      }
      const data = structured ? envelope.data : body;
      return paths.map((path) =>
        path.startsWith('ce.') ? envelope[path.slice(3)] : walk(data, path, path.split('.')),
      );
    },
  };
}
