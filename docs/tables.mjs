/** Tables that are made whole from bench/results/*.json: each stands behind its mark, `<!-- figures: NAME -->`. */
import { readFileSync } from 'node:fs';

const recorded = (name) => JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'));
const row = (cells) => `| ${cells.join(' | ')} |`;
const head = (names) => [row(names), `|${names.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`];
const thousands = (n) => n.toLocaleString('en-US');

/** Least microseconds of each, and how many times Engram's they are. */
function kernels() {
  const { lines } = recorded('kernels');
  const names = [...new Set(lines.flatMap(({ micros }) => Object.keys(micros)))];
  const digits = (x) => x.toFixed(x >= 100 ? 0 : x >= 10 ? 1 : 2);
  const cell = (micros, name) => {
    if (!micros[name]) return '–';
    const { least } = micros[name];
    return name === 'Engram'
      ? `**${digits(least)}**`
      : `${digits(least)} (${(least / micros.Engram.least).toFixed(1)}x)`;
  };
  return [
    ...head(['kernel', ...names]),
    ...lines.map(({ kernel, micros }) => row([kernel, ...names.map((name) => cell(micros, name))])),
  ];
}

/** What many keys cost. */
function keys() {
  return [
    ...head(['memory', 'weights', 'keys', 'bytes per key', 'events/s']),
    ...recorded('keys').map(({ memory, weights, keys, bytesPerKey, eventsPerSecond }) =>
      row([`\`${memory}\``, weights, ...[keys, bytesPerKey, eventsPerSecond].map(thousands)]),
    ),
  ];
}

/** What weights are worth that were fitted before. */
function pretrain() {
  return [
    ...head(['memory', 'weights', 'begins', 'error, 1 ahead', '5 ahead', 'fitted in']),
    ...recorded('pretrain').results.map(({ memory, weights, begun, error1, error5, fitSeconds }) =>
      row([
        `\`${memory}\``,
        weights,
        begun,
        error1.toFixed(4),
        error5.toFixed(4),
        fitSeconds ? `${fitSeconds} s` : '–',
      ]),
    ),
  ];
}

/** How many anomalies of each kind and strength are found, and the rows until an alarm. */
function injected() {
  const { metrics } = recorded('injected').results.find(({ memory }) => memory === 'default');
  const strengths = ['weak', 'medium', 'strong'];
  const kinds = Object.keys(metrics).flatMap((name) => /^(.*)_strong$/.exec(name)?.[1] ?? []);
  const cell = (name) => {
    const delay = metrics[`${name}_delay`];
    return `${Math.round(100 * metrics[name])} %${Number.isFinite(delay) ? ` (${delay})` : ''}`;
  };
  return [
    ...head(['kind', ...strengths]),
    ...kinds.map((kind) =>
      row([kind.replaceAll('_', ' '), ...strengths.map((strength) => cell(`${kind}_${strength}`))]),
    ),
  ];
}

/** Alarms over the budget on streams without anomalies, of each memory that was tried. */
function calibration() {
  const { results } = recorded('calibration');
  const of = (name) => results.map(({ metrics }) => metrics[name].toFixed(2));
  const first = Object.keys(results[0].metrics);
  const natures = first.slice(first.indexOf('score_0_001') + 1);
  return [
    ...head(['streams', ...results.map(({ memory }) => `\`${memory}\``)]),
    ...natures.map((name) =>
      row([name.replace(/^unseen_(.*)$/, '$1 (not fitted to)').replaceAll('_', ' '), ...of(name)]),
    ),
    row(['all', ...of('alarms_over_budget').map((text) => `**${text}**`)]),
    row(['rows 100 to 1,000', ...of('young')]),
    ...(first.includes('key_7d')
      ? [
          row(['all, budget 1 per key in 7 days', ...of('key_7d')]),
          row(['all, budget 50 a day over all keys', ...of('all_50_1d')]),
          row(['all, 0.1 false discoveries, over 0.1 alarms in 100,000 rows', ...of('fdr_0_1')]),
        ]
      : []),
    ...['0.1', '0.01', '0.001'].map((p) =>
      row([`score ${p} or less, over ${p}`, ...of(`score_${p.replace('.', '_')}`)]),
    ),
  ];
}

/** What each memory costs on the taxi log, and its error there. */
function memories() {
  const costs = recorded('memories');
  const { results } = recorded('accuracy');
  const horizons = ['1', '1,5,48', '1..48'];
  const of = (memory, at) => costs.find((cost) => cost.memory === memory && cost.horizons === at);
  const mape = (memory) => {
    const all = results.filter((result) => result.benchmark === 'nyc-taxi' && result.memory === memory);
    return all.length > 0 ? (all.reduce((sum, { metrics }) => sum + metrics.mape, 0) / all.length).toFixed(4) : '–';
  };
  return [
    ...head([
      'memory',
      ...['µs/event, horizon 1', '1, 5, 48', '1 … 48'],
      ...['bytes/key, horizon 1', '1, 5, 48', '1 … 48', 'taxi MAPE, 5 ahead'],
    ]),
    ...[...new Set(costs.map(({ memory }) => memory))].map((memory) =>
      row([
        `\`${memory}\``,
        ...horizons.map((at) => of(memory, at).microsPerEvent.toFixed(1)),
        ...horizons.map((at) => thousands(of(memory, at).bytesPerKey)),
        mape(memory),
      ]),
    ),
  ];
}

const made = { kernels, keys, pretrain, injected, calibration, memories };

/** The text with every marked table made anew. */
export function withTables(text) {
  return text.replaceAll(
    /(<!-- figures: (\w+) -->\n)(?:\|.*\n)*/g,
    (_, mark, name) => `${mark}${made[name]().join('\n')}\n`,
  );
}
