import { existsSync, readFileSync } from 'node:fs';

/** Version of the package, whether run from its sources or from what was built of them. */
export function version(): string {
  const file = ['../package.json', '../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  if (!file) throw new Error('expected package.json beside the program, it is missing: install engram again');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
