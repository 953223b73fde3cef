import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Where the benchmark data lie that may not be shipped: beside the project. */
export const sharedData = fileURLToPath(new URL('../../../shared/data', import.meta.url));

export const hasData = (folder: string): boolean => existsSync(`${sharedData}/${folder}`);

/** Tests that need data which are not part of the project; without them they are skipped, and the title says so. */
export function withData(folder: string, title: string, tests: () => void): void {
  if (hasData(folder)) describe(title, tests);
  else describe.skip(`${title} (skipped: needs the data folder ../shared/data/${folder})`, tests);
}
