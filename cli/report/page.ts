import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ReportData } from './data.js';

/** Modules of the page, each after those it imports. */
const modules = ['dom', 'text', 'columns', 'marks', 'chart', 'overview', 'tables', 'page'];

/** The page of a report. */
export const page = (data: ReportData): string => pageOf('Engram report', modules, data);

/** A page as one HTML text: script, style, chart library and data are inside, and it may fetch nothing. */
export function pageOf(title: string, modules: readonly string[], data: object): string {
  const script = `${library('uPlot.iife.min.js')}\n(() => {\n${modules.map(body).join('\n')}})();`;
  const style = `${library('uPlot.min.css')}\n${own('page.css')}`;
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main><noscript>This report draws its charts with the script inside it: please allow scripts for this file.</noscript></main>
<script type="application/json" id="data">${inert(JSON.stringify(data))}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that cannot end its element: no `<` is left in it, whatever names the data hold. */
const inert = (json: string): string => json.replaceAll('<', '\\u003c');

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const own = (name: string): string => readFileSync(new URL(`./browser/${name}`, import.meta.url), 'utf8');

const require = createRequire(import.meta.url);
const library = (name: string): string => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8').trim();

/** A module without its imports, exports and notes on types: in one scope all names see each other. */
function body(name: string): string {
  return own(`${name}.js`)
    .replaceAll(/^import [^;]*;\n/gm, '')
    .replaceAll(/^export /gm, '')
    .replaceAll(/\/\*\*[\s\S]*?\*\/ ?/g, '')
    .replaceAll(/^\s*\/\/.*\n/gm, '');
}
