import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

/** Text that shows as `***` wherever it is printed, logged, inspected or turned into JSON. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: for the call that needs it, and never kept. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.toPrimitive](): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/** Where a secret is: a variable of the environment, or a file, whose last line end does not count. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

/** Reads a secret; says which place is empty or missing, never what another one holds. */
export function readSecret(place: SecretPlace | Secret, env: NodeJS.ProcessEnv = process.env): Secret {
  if (place instanceof Secret) return place;
  if ('env' in place) {
    const text = env[place.env];
    if (!text)
      throw new Error(`expected a secret in the environment variable ${place.env}, which is not set: export it`);
    return new Secret(text);
  }
  let text: string;
  try {
    text = readFileSync(place.file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(
      `expected a secret in the file ${place.file}, which cannot be read (${(error as NodeJS.ErrnoException).code}): mount it`,
    );
  }
  if (!text) throw new Error(`expected a secret in the file ${place.file}, which is empty`);
  return new Secret(text);
}
