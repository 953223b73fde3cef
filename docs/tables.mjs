/** Tables that are made whole from bench/results/*.json: each stands behind its mark, `<!-- figures: NAME -->`. */
import { readFileSync } from 'node:fs';

const recorded = (name) => JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'));
const row = (cells) => `| ${cells.join(' | ')} |`;
const head = (names) => [row(names), `|${names.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`];
const thousands = (n) => n.toLocaleString('en-US');
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
/** A metric of every start of a memory. */
const startsOf = (results, memory, benchmark, metric) =>
  results
    .filter((result) => result.memory === memory && result.benchmark === benchmark)
    .map(({ metrics }) => metrics[metric]);

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

/**
 * How many anomalies of each kind and strength are found, and the rows until an alarm, of all evidence or of another kind; and how
 * many of medium strength 300 and 1,000 rows after the same in its strongest form.
 */
function injected(file = 'injected', name = 'default') {
  const { metrics } = recorded(file).results.find(({ memory }) => memory === name);
  const strengths = ['weak', 'medium', 'strong'];
  const kinds = Object.keys(metrics).flatMap((name) => /^(.*)_strong$/.exec(name)?.[1] ?? []);
  const cell = (name) => {
    const delay = metrics[`${name}_delay`];
    return `${Math.round(100 * metrics[name])} %${Number.isFinite(delay) ? ` (${delay})` : ''}`;
  };
  const vus = (name) => metrics[name]?.toFixed(2) ?? '–';
  const percent = (name) => (name in metrics ? `${Math.round(100 * metrics[name])} %` : '–');
  const again = (name) => ['300', '1000'].map((gap) => percent(`${name}_${gap}`));
  return [
    ...head(['kind', ...strengths, 'again after 300 rows', 'after 1,000', 'VUS-PR of the score']),
    ...kinds.map((kind) =>
      row([
        kind.replaceAll('_', ' '),
        ...strengths.map((strength) => cell(`${kind}_${strength}`)),
        ...again(`${kind}_again`),
        vus(`${kind}_vus_pr`),
      ]),
    ),
    row([
      ...['all', '', '', `**${percent('found')}** (${metrics.delay_rows})`],
      ...again('again').map((share) => `**${share}**`),
      `**${vus('vus_pr')}**`,
    ]),
  ];
}

const conformal = () => injected('injected-conformal', 'default-conformal');

/** Alarms over the budget on streams without anomalies, of each memory that was tried. */
function calibration() {
  const { results } = recorded('calibration');
  const of = (name) => results.map(({ metrics }) => metrics[name]?.toFixed(2) ?? '–');
  const first = Object.keys(results[0].metrics);
  const natures = first.slice(first.indexOf('score_0_001') + 1);
  return [
    ...head(['streams', ...results.map(({ memory }) => `\`${memory}\``)]),
    ...natures.map((name) =>
      row([name.replace(/^unseen_(.*)$/, '$1 (not fitted to)').replaceAll('_', ' '), ...of(name)]),
    ),
    row(['all', ...of('alarms_over_budget').map((text) => `**${text}**`)]),
    row(['rows 100 to 1,000', ...of('young')]),
    row(['all, budget 1 per key in 7 days', ...of('key_7d')]),
    row(['all, budget 50 a day over all keys', ...of('all_50_1d')]),
    row(['all, 0.1 false discoveries, over 0.1 alarms in 100,000 rows', ...of('fdr_0_1')]),
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
    const all = startsOf(results, memory, 'nyc-taxi', 'mape');
    return all.length > 0 ? mean(all).toFixed(4) : '–';
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

/** The discrete benchmark: mean and worst seed, the bar, what was published, and the floor. */
function sequences() {
  const { results } = recorded('htm-sequences');
  const of = (memory, metric) =>
    results.filter((result) => result.memory === memory).map(({ metrics }) => metrics[metric]);
  const shown = (x) => (x === undefined ? '–' : x > 2 ? thousands(Math.round(x)) : x.toFixed(3));
  const more = { to_95: true, relearn_95: true, order_100: true };
  const lines = [
    ['elements to 95 %', 'to_95', 3000, 7010],
    ['accuracy at 3,000', 'acc_3000', 0.95, 0.3],
    ['at 10,000', 'acc_10000', 1, 1],
    ['elements to 95 % after the swap', 'relearn_95', 1400, 2935],
    ['two endings, at 6,000', 'two_6000', 0.99, 1],
    ['four endings, at 10,000', 'four_10000', 0.97, 0.97],
    ['30 % of the cells dead', 'dead_30', 1, 1],
    ['40 %', 'dead_40', 0.89, 0.894],
    ['50 %', 'dead_50', undefined, 0.522],
    ['a wrong element in every sequence', 'noise_always', 0.65, 0.53],
    ['only after 12,000', 'noise_late', undefined, 0.5],
    ['sequences until perfect, order 100', 'order_100', 1840, 1840],
  ];
  return [
    ...head(['figure', '`htm`', 'worst seed', 'bar', 'published HTM', '`suffix-match`']),
    ...lines.map(([name, metric, bar, published]) => {
      const mine = of('htm', metric);
      const worst = more[metric] ? Math.max(...mine) : Math.min(...mine);
      const floor = of('suffix-match', metric).filter((x) => x !== undefined);
      const floors =
        floor.length === 0 ? '–' : metric === 'order_100' && mean(floor) > 790 ? 'never' : shown(mean(floor));
      return row([name, shown(mean(mine)), shown(worst), shown(bar), shown(published), floors]);
    }),
  ];
}

/** Taxi under noise, against the clean and the noisy truth, beside what was published. */
function noise() {
  const published = { 2: [0.078, 0.08], 4: [0.084, 0.092], 6: [0.093, 0.108], 8: [0.101, 0.124], 10: [0.113, 0.143] };
  return [
    ...head(['noise', 'clean', 'published', 'noisy', 'published']),
    ...recorded('htm-taxi-noise').table.map(({ percent, clean, noisy }) => {
      const [a, b] = published[percent] ?? [];
      const cell = (x, digits) => x?.toFixed(digits) ?? '–';
      return row([`${percent} %`, cell(clean, 4), cell(a, 3), cell(noisy, 4), cell(b, 3)]);
    }),
  ];
}

/** Speed and size of the HTM parts. */
function htm() {
  const all = recorded('htm');
  const of = (name) => Object.entries(all).find(([key]) => key.replace(/ \[.*\]$/, '') === name)?.[1];
  const ms = (x) => (typeof x === 'number' ? x.toFixed(x < 1 ? 3 : x < 10 ? 2 : 1) : x);
  const names = {
    bursting: 'bursting, first showing of random codes',
    learnt: 'learnt',
    noisy: 'noisy sine through the pooler',
    pooler: 'pooler, 1,024 bits to 2,048 columns, learning',
  };
  return [
    ...head(['ms a step', 'here', 'HTM.java 0.6.13']),
    ...Object.entries(names).map(([name, said]) => row([said, ms(of(name)), ms(of(`${name}, HTM.java 0.6.13`))])),
    row(['a quarter of noise, pool full, after 10,000 steps', ms(of('a quarter noise, after 10,000 steps')), '–']),
    row(['the same, after 1,000,000', ms(of('the same, after 1000000 steps')), '–']),
    ...(of('the whole memory, after 10,000 rows') === undefined
      ? []
      : [
          row(['the whole memory `htm`, a row, after 10,000', ms(of('the whole memory, after 10,000 rows')), '–']),
          row(['the same, after 1,000,000', ms(of('the whole memory, after 1000000 rows')), '–']),
        ]),
    row([
      'Arrow checkpoint of 800,000 synapses, ms each',
      ms(of('Arrow checkpoint of the state of 800,000 synapses, sums included')),
      '–',
    ]),
  ];
}

/** What an HTM among its members does for the mixture: means of the starts. */
function joined() {
  const { results } = recorded('accuracy');
  const metrics = [
    ['nyc-taxi', 'mape', 4],
    ['nyc-taxi', 'nll', 4],
    ['nyc-taxi', 'mae', 1],
    ['hotgym', 'mape_1', 4],
    ['hotgym', 'mape_24', 4],
    ['pems', 'mae', 3],
    ['pems', 'rmse', 3],
  ];
  return [
    ...head(['memory', ...metrics.map(([benchmark, metric]) => `\`${benchmark}\` ${metric}`)]),
    ...['default', 'default-htm', 'htm'].map((memory) =>
      row([
        `\`${memory}\``,
        ...metrics.map(([benchmark, metric, digits]) =>
          mean(startsOf(results, memory, benchmark, metric)).toFixed(digits),
        ),
      ]),
    ),
  ];
}

/** The classifier's own distributions beside those made of the errors of its mean: means of the starts. */
function whole() {
  const { results } = recorded('accuracy');
  const metrics = [
    ['nyc-taxi', 'mape', 4],
    ['nyc-taxi', 'nll', 3],
    ['nyc-taxi', 'crps', 0],
    ['nyc-taxi', 'coverage_80'],
    ['nyc-taxi', 'coverage_98'],
    ['hotgym', 'mae_1', 2],
    ['hotgym', 'mae_24', 2],
    ['hotgym', 'crps', 2],
    ['hotgym', 'coverage_80'],
    ['hotgym', 'coverage_98'],
  ];
  const shown = (list, digits) =>
    digits === undefined ? `${(100 * mean(list)).toFixed(1)} %` : mean(list).toFixed(digits);
  const told = (benchmark, metric) =>
    recorded(`${benchmark}-htm-classifier`)
      .results.filter(({ memory }) => memory === 'htm-classifier')
      .map(({ metrics }) => metrics[metric]);
  return [
    ...head(['mean of five starts', '`htm`', "`head: 'classifier'`"]),
    ...metrics.map(([benchmark, metric, digits]) =>
      row([
        `\`${benchmark}\` ${metric.startsWith('coverage') ? `in ${metric.slice(9)} %` : metric}`,
        shown(startsOf(results, 'htm', benchmark, metric), digits),
        shown(told(benchmark, metric), digits),
      ]),
    ),
  ];
}

const made = {
  ...{ kernels, keys, pretrain, injected, conformal, calibration, memories },
  ...{ sequences, noise, htm, joined, whole },
};

/** The text with every marked table made anew. */
export function withTables(text) {
  return text.replaceAll(
    /(<!-- figures: (\w+) -->\n)(?:\|.*\n)*/g,
    (_, mark, name) => `${mark}${made[name]().join('\n')}\n`,
  );
}
