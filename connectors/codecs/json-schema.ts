import type { ValidateFunction } from 'ajv';
import { parseJson } from '../json-text.js';
import type { PayloadCodec } from '../kafka/decode.js';
import { type RegisteredSchema, type SchemaRegistry, unframed } from '../kafka/registry.js';
import { walk } from './json.js';
import { optionalPackage } from './package.js';

/** JSON with the number of its JSON Schema before it, which it is checked against. */
export function jsonSchemaCodec(registry: SchemaRegistry): PayloadCodec {
  const { Ajv } = optionalPackage<typeof import('ajv')>('ajv', 'payloads with a JSON Schema');
  const checks = new Map<number, ValidateFunction | string>();
  const checkOf = (id: number): ValidateFunction | string => {
    const known = checks.get(id);
    if (known) return known;
    const schema = registry.schema(id);
    // Not kept: it may be registered later.
    if (!schema) return registry.unknown(id);
    const check = build(schema);
    checks.set(id, check);
    return check;
  };
  const build = (schema: RegisteredSchema): ValidateFunction | string => {
    const { id } = schema;
    if (schema.type !== 'JSON') return `expected a JSON Schema, number ${id} is ${schema.type}`;
    try {
      const ajv = new Ajv({ strict: false, logger: false });
      for (const [name, text] of schema.references) ajv.addSchema(JSON.parse(text) as object, name);
      return ajv.compile(JSON.parse(schema.text) as object);
    } catch (error) {
      return `schema ${id} cannot be used: ${(error as Error).message}`;
    }
  };
  return {
    name: 'json-schema',
    prepare: (records) => registry.prepare(records),
    fields(value, paths) {
      const framed = unframed(value);
      if (!framed) {
        return { reason: 'not-json', message: 'expected a zero byte and the number of a schema before the JSON' };
      }
      const check = checkOf(framed.id);
      if (typeof check === 'string') return { reason: 'unknown-schema', message: check };
      let object: unknown;
      try {
        object = parseJson(framed.body.toString('utf8'));
      } catch (error) {
        return { reason: 'not-json', message: `expected JSON: ${(error as Error).message}` };
      }
      if (!check(object)) {
        const [{ instancePath = '', message = '' } = {}] = check.errors ?? [];
        return {
          reason: 'against-schema',
          message: `against schema ${framed.id}: ${instancePath || 'the payload'} ${message}`,
        };
      }
      return paths.map((path) => walk(object, path, path.split('.')));
    },
  };
}
