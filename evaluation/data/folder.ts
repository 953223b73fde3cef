import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of benchmark data: what it is usually called, and a file that proves it is the right one. */
export interface DataFolder {
  /** Its usual name; `--data` may name the folder itself or its parent. */
  readonly name: string;
  /** A file every copy of it has. */
  readonly proof: string;
  /** What its README calls it, and where it comes from. */
  readonly title: string;
}

/** Where the data lie below what the user gave: the folder itself or one of its usual name inside it. */
export function findFolder(given: string, { name, proof, title }: DataFolder): string {
  const tried = [given, join(given, name)];
  const found = tried.find((folder) => existsSync(join(folder, proof)));
  if (found !== undefined) return found;
  throw new Error(
    `expected the data folder "${name}" (${title}) with the file ${proof} in it; ` +
      `${existsSync(given) ? 'found no such file' : 'found no such folder'} at ${given}: ` +
      `give --data the path of "${name}" or of the folder that holds it`,
  );
}
