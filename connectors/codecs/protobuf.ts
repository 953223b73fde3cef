import type { NamespaceBase, Root, Type } from 'protobufjs';
import type { PayloadCodec } from '../kafka/decode.js';
import { type RegisteredSchema, type SchemaRegistry, unframed } from '../kafka/registry.js';
import { walk } from './json.js';
import { optionalPackage } from './package.js';

export interface ProtobufOptions {
  /** A .proto file's text. */
  readonly proto: string;
  /** Full name of the message. */
  readonly message: string;
}

/** Protobuf with a .proto of its own, or of the registry, whose number and message stand before each payload. */
export function protobufCodec(source: SchemaRegistry | ProtobufOptions): PayloadCodec {
  const protobuf = optionalPackage<typeof import('protobufjs')>('protobufjs', 'Protobuf payloads');
  /** What became of a schema, by its number: the messages of its file, and all that they may be made of. */
  const parsed = new Map<number, { readonly root: Root; readonly file: NamespaceBase } | string>();
  /** Messages that were found: no more than the schemas have. What is not there is looked for again. */
  const types = new Map<string, Type>();
  const fixed =
    'proto' in source ? protobuf.parse(source.proto, { keepCase: true }).root.lookupType(source.message) : undefined;
  const registry = fixed ? undefined : (source as SchemaRegistry);
  const build = (schema: RegisteredSchema): { root: Root; file: NamespaceBase } | string => {
    const { id } = schema;
    if (schema.type !== 'PROTOBUF') return `expected a Protobuf schema, number ${id} is ${schema.type}`;
    try {
      const root: Root = new protobuf.Root();
      for (const text of schema.references.values()) protobuf.parse(text, root, { keepCase: true });
      protobuf.parse(schema.text, root, { keepCase: true });
      // Places count within the file alone: a file it imports may share its package.
      const alone = protobuf.parse(schema.text, new protobuf.Root(), { keepCase: true });
      const space = alone.package ? alone.root.lookup(alone.package) : null;
      return { root, file: (space ?? alone.root) as NamespaceBase };
    } catch (error) {
      return `schema ${id} cannot be used: ${(error as Error).message}`;
    }
  };
  const typeOf = (id: number, path: readonly number[]): Type | string => {
    const name = `${id}/${path}`;
    const known = types.get(name);
    if (known) return known;
    const schema = (source as SchemaRegistry).schema(id);
    // Not kept: it may be registered later.
    if (!schema) return (source as SchemaRegistry).unknown(id);
    let built = parsed.get(id);
    if (built === undefined) {
      built = build(schema);
      parsed.set(id, built);
    }
    if (typeof built === 'string') return built;
    const message = messageAt(built.file, path);
    if (!message) return `schema ${id} has no message ${path.join('.')}`;
    const type = built.root.lookupType(message.fullName);
    types.set(name, type);
    return type;
  };
  const messageAt = (space: NamespaceBase, path: readonly number[]): Type | undefined => {
    const messages = space.nestedArray.filter((one): one is Type => one instanceof protobuf.Type);
    const at = messages[path[0]];
    return at && path.length > 1 ? messageAt(at, path.slice(1)) : at;
  };
  return {
    name: 'protobuf',
    ...('proto' in source ? { settings: { message: source.message, proto: source.proto } } : {}),
    ...(registry ? { prepare: (records) => registry.prepare(records) } : {}),
    fields(value, paths) {
      const framed = fixed ? { id: 0, body: value } : unframed(value);
      const indexed = framed && (fixed ? { path: [], body: value } : messagePath(framed.body));
      if (!framed || !indexed) {
        const message = 'expected a zero byte, the number of a schema and the place of the message before the payload';
        return { reason: 'not-protobuf', message };
      }
      const type = fixed ?? typeOf(framed.id, indexed.path);
      if (typeof type === 'string') return { reason: 'unknown-schema', message: type };
      let object: unknown;
      try {
        object = type.toObject(type.decode(indexed.body), { longs: Number, enums: String, defaults: true });
      } catch (error) {
        return { reason: 'not-protobuf', message: `expected a message ${type.fullName}: ${(error as Error).message}` };
      }
      return paths.map((path) => walk(object, path, path.split('.')));
    },
  };
}

/** Which message of a file, as indices from the outside in: their count and each one as a zigzag varint; 0 alone is [0]. */
function messagePath(body: Buffer): { path: number[]; body: Buffer } | undefined {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = body[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return Number.NaN;
  };
  const count = next();
  if (count === 0) return { path: [0], body: body.subarray(at) };
  if (!(count > 0 && count <= 32)) return undefined;
  const path = Array.from({ length: count }, next);
  return path.every((index) => index >= 0) ? { path, body: body.subarray(at) } : undefined;
}
