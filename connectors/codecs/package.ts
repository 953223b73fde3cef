import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** A package that is not installed, or does not run here: no fault of the data. */
export class MissingPackage extends Error {
  override readonly name = 'MissingPackage';
}

/** A package that only some payloads need; says how to get it where it is missing. */
export function optionalPackage<T>(name: string, what: string): T {
  try {
    return load(name) as T;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new MissingPackage(
      `${what} need the package ${name}, which cannot be loaded here (${reason}): npm install ${name}`,
    );
  }
}
