import { redacted } from './address.js';
import type { KafkaRecord } from './record.js';
import { readSecret, type Secret, type SecretPlace } from './secret.js';

export interface RegistryOptions {
  /** Where the registry answers, for instance http://registry:8081. */
  readonly url: string;
  readonly username?: string;
  readonly password?: SecretPlace | Secret;
  readonly timeoutMs?: number;
}

/** A schema as the registry keeps it. */
export interface RegisteredSchema {
  readonly id: number;
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly text: string;
  /** Schemas it refers to, by the name it uses for them. */
  readonly references: ReadonlyMap<string, string>;
}

/** The number of the schema a payload was written with, and what follows it; undefined without the frame. */
export function unframed(value: Buffer): { id: number; body: Buffer } | undefined {
  return value.length >= 5 && value[0] === 0 ? { id: value.readInt32BE(1), body: value.subarray(5) } : undefined;
}

/** Asks a Confluent-style schema registry, once per schema. */
export class SchemaRegistry {
  readonly #schemas = new Map<number, RegisteredSchema | undefined>();
  readonly #password: Secret | undefined;

  constructor(readonly options: RegistryOptions) {
    if (!/^https?:\/\//.test(options.url)) {
      throw new TypeError(`registry.url: expected http:// or https://, got ${JSON.stringify(redacted(options.url))}`);
    }
    if (options.url.includes('@')) {
      throw new TypeError(
        `registry.url: expected no login in it, got ${redacted(options.url)}: give it as registry.username and registry.password`,
      );
    }
    this.#password = options.password && readSecret(options.password);
  }

  /** Makes the schemas of these records known; throws when the registry cannot be reached. */
  async prepare(records: readonly KafkaRecord[]): Promise<void> {
    for (const { value } of records) {
      const id = value ? unframed(value)?.id : undefined;
      if (id === undefined || this.#schemas.has(id)) continue;
      const found = (await this.#get(`/schemas/ids/${id}`)) as Answer | undefined;
      this.#schemas.set(id, found && (await this.#whole(id, found)));
    }
  }

  /** A schema that was prepared; undefined where the registry knows none of this number. */
  schema(id: number): RegisteredSchema | undefined {
    return this.#schemas.get(id);
  }

  async #whole(id: number, { schema, schemaType = 'AVRO', references = [] }: Answer): Promise<RegisteredSchema> {
    const texts = new Map<string, string>();
    for (const reference of references) await this.#collect(reference, texts);
    return { id, type: schemaType, text: schema, references: texts };
  }

  async #collect({ name, subject, version }: Reference, texts: Map<string, string>): Promise<void> {
    if (texts.has(name)) return;
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const found = (await this.#get(path)) as Answer | undefined;
    if (!found) throw new Error(`registry: ${path} is referred to but not there`);
    for (const inner of found.references ?? []) await this.#collect(inner, texts);
    texts.set(name, found.schema);
  }

  async #get(path: string): Promise<unknown> {
    const { url, username, timeoutMs = 10_000 } = this.options;
    const login = username === undefined ? undefined : `${username}:${this.#password?.reveal() ?? ''}`;
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      headers: {
        accept: 'application/vnd.schemaregistry.v1+json, application/json',
        ...(login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`registry: ${path} was answered with ${response.status} ${response.statusText}`);
    return response.json();
  }
}

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

interface Answer {
  readonly schema: string;
  readonly schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly references?: readonly Reference[];
}
