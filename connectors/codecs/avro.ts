import type { Type } from 'avsc';
import type { PayloadCodec } from '../kafka/decode.js';
import { type RegisteredSchema, type SchemaRegistry, unframed } from '../kafka/registry.js';
import { walk } from './json.js';
import { optionalPackage } from './package.js';

/** Avro with a schema of its own, or of the registry, whose number stands before each payload. */
export function avroCodec(source: SchemaRegistry | { readonly schema: unknown }): PayloadCodec {
  const { Type: types } = optionalPackage<typeof import('avsc')>('avsc', 'Avro payloads');
  const parsed = new Map<number, Type | string>();
  const fixed =
    'schema' in source && typeof source.schema !== 'function' ? types.forSchema(source.schema as never) : undefined;
  const registry = fixed ? undefined : (source as SchemaRegistry);
  const typeOf = (id: number): Type | string => {
    let type = parsed.get(id);
    if (type === undefined) {
      const schema = (source as SchemaRegistry).schema(id);
      // Not kept: it may be registered later.
      if (!schema) return (source as SchemaRegistry).unknown(id);
      type = build(schema);
      parsed.set(id, type);
    }
    return type;
  };
  const build = (schema: RegisteredSchema): Type | string => {
    const { id } = schema;
    if (schema.type !== 'AVRO') return `expected an Avro schema, number ${id} is ${schema.type}`;
    try {
      const known = {};
      for (const text of schema.references.values()) types.forSchema(JSON.parse(text), { registry: known });
      return types.forSchema(JSON.parse(schema.text), { registry: known });
    } catch (error) {
      return `schema ${id} cannot be used: ${(error as Error).message}`;
    }
  };
  return {
    name: 'avro',
    ...(fixed ? { settings: { schema: fixed.schema() } } : {}),
    ...(registry ? { prepare: (records) => registry.prepare(records) } : {}),
    fields(value, paths) {
      const framed = fixed ? { id: 0, body: value } : unframed(value);
      if (!framed) {
        return { reason: 'not-avro', message: 'expected a zero byte and the number of a schema before the payload' };
      }
      const type = fixed ?? typeOf(framed.id);
      if (typeof type === 'string') return { reason: 'unknown-schema', message: type };
      let object: unknown;
      try {
        object = type.fromBuffer(framed.body);
      } catch (error) {
        return {
          reason: 'not-avro',
          message: `expected Avro of ${type.name ?? 'the schema'}: ${(error as Error).message}`,
        };
      }
      return paths.map((path) => unwrapped(walk(object, path, path.split('.'))));
    },
  };
}

/** Ambiguous unions are decoded as `{ type: value }`. */
function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return value;
  const values = Object.values(value);
  return values.length === 1 ? values[0] : value;
}
