import { redacted } from './address.js';
import type { KafkaRecord } from './record.js';
import { readSecret, type Secret, type SecretPlace } from './secret.js';

export interface RegistryOptions {
  /** Where the registry answers, for instance http://registry:8081. */
  readonly url: string;
  readonly username?: string;
  readonly password?: SecretPlace | Secret;
  readonly timeoutMs?: number;
  /** A number the registry does not know is asked for again so long after; default 30 s. */
  readonly unknownMs?: number;
  /** So many unknown numbers are remembered, at most; default 1,000. */
  readonly unknownMax?: number;
  /** What cannot be answered is asked again for so long before it is an error; default 30 s. */
  readonly patienceMs?: number;
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

const retryMs = { first: 100, most: 5000 };
/** A registry that follows another one knows a new schema a moment later: so often an unknown number is asked for. */
const unknownTries = 3;
/** Questions on their way together. */
const atOnce = 16;
/** Codes of a registry that is there and has no such schema, subject or version; another 404 is from something else. */
const notThere = new Set([40401, 40402, 40403]);

/**
 * Asks a Confluent-style schema registry, once per schema. That there is none of a number is believed for a while only,
 * and never because the registry is away: then `prepare` throws, and no record is refused for it.
 */
export class SchemaRegistry {
  readonly #schemas = new Map<number, RegisteredSchema>();
  /** Numbers without a schema, why, and when each is to be asked for again; the oldest first. */
  readonly #unknown = new Map<number, { readonly why: string; readonly untilMs: number }>();
  /** What is being asked for now: tasks of several partitions ask for the same. */
  readonly #asking = new Map<number, Promise<void>>();
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

  /** Makes the schemas of these records known; throws when the registry does not answer for longer than `patienceMs`. */
  async prepare(records: readonly KafkaRecord[]): Promise<void> {
    const now = performance.now();
    const wanted = new Set<number>();
    for (const { value } of records) {
      const id = value ? unframed(value)?.id : undefined;
      if (id === undefined || this.#schemas.has(id) || (this.#unknown.get(id)?.untilMs ?? 0) > now) continue;
      wanted.add(id);
    }
    const ids = [...wanted];
    for (let at = 0; at < ids.length; at += atOnce) {
      await Promise.all(ids.slice(at, at + atOnce).map((id) => this.#asked(id)));
    }
  }

  #asked(id: number): Promise<void> {
    const asked = this.#asking.get(id) ?? this.#ask(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asked);
    return asked;
  }

  /** A schema that was prepared; undefined where the registry knew none of this number when it was asked last. */
  schema(id: number): RegisteredSchema | undefined {
    return this.#schemas.get(id);
  }

  /** Why there is no schema of this number. */
  unknown(id: number): string {
    return this.#unknown.get(id)?.why ?? unknownTo(id);
  }

  async #ask(id: number): Promise<void> {
    let why = unknownTo(id);
    for (let tries = 1; ; tries++) {
      const found = (await this.#get(`/schemas/ids/${id}`)) as Answer | undefined;
      const whole = found && (await this.#whole(id, found));
      if (typeof whole === 'object') {
        this.#schemas.set(id, whole);
        this.#unknown.delete(id);
        return;
      }
      if (whole) why = whole;
      // Whoever makes up numbers shall not hold up the others.
      if (tries === unknownTries || this.#unknown.size >= atOnce) break;
      await sleep(retryMs.first * 2 ** tries);
    }
    const { unknownMs = 30_000, unknownMax = 1000 } = this.options;
    this.#unknown.delete(id);
    this.#unknown.set(id, { why, untilMs: performance.now() + unknownMs });
    for (const oldest of this.#unknown.keys()) {
      if (this.#unknown.size <= unknownMax) break;
      this.#unknown.delete(oldest);
    }
  }

  /** A schema with all it refers to; why it is of no use where the registry has not got all of that. */
  async #whole(
    id: number,
    { schema, schemaType = 'AVRO', references = [] }: Answer,
  ): Promise<RegisteredSchema | string> {
    const texts = new Map<string, string>();
    for (const reference of references) {
      const missing = await this.#collect(reference, texts);
      if (missing) return `schema ${id} cannot be used: it refers to ${missing}, which the registry does not have`;
    }
    return { id, type: schemaType, text: schema, references: texts };
  }

  /** Adds a schema and all it refers to; gives the name of the first that is not there. */
  async #collect({ name, subject, version }: Reference, texts: Map<string, string>): Promise<string | undefined> {
    if (texts.has(name)) return undefined;
    const found = (await this.#get(`/subjects/${encodeURIComponent(subject)}/versions/${version}`)) as
      | Answer
      | undefined;
    if (!found) return `version ${version} of ${subject}`;
    for (const inner of found.references ?? []) {
      const missing = await this.#collect(inner, texts);
      if (missing) return missing;
    }
    texts.set(name, found.schema);
    return undefined;
  }

  /** The answer, undefined where the registry says that there is none; a registry in trouble is asked again. */
  async #get(path: string): Promise<unknown> {
    const { patienceMs = 30_000 } = this.options;
    const began = performance.now();
    for (let waitMs = retryMs.first; ; waitMs = Math.min(2 * waitMs, retryMs.most)) {
      try {
        return await this.#once(path);
      } catch (error) {
        if (error instanceof Final || performance.now() - began + waitMs > patienceMs) throw error;
      }
      await sleep(waitMs);
    }
  }

  async #once(path: string): Promise<unknown> {
    const { url, username, timeoutMs = 10_000 } = this.options;
    const login = username === undefined ? undefined : `${username}:${this.#password?.reveal() ?? ''}`;
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      headers: {
        accept: 'application/vnd.schemaregistry.v1+json, application/json',
        ...(login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) return response.json();
    const told = `registry: ${path} was answered with ${response.status} ${response.statusText}`;
    if (response.status === 404) {
      const { error_code } = (await response.json().catch(() => ({}))) as { error_code?: number };
      if (notThere.has(error_code ?? 0)) return undefined;
      throw new Error(`${told}, not by a registry`);
    }
    await response.body?.cancel();
    // Waiting does not help against a wrong login.
    throw [401, 403].includes(response.status) ? new Final(told) : new Error(told);
  }
}

const unknownTo = (id: number): string => `expected a schema the registry knows, it knows none with the number ${id}`;

/** An answer that will be the same the next time. */
class Final extends Error {}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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
