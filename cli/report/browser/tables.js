import { make } from './dom.js';
import { mark, severityOrder } from './marks.js';
import { count, figure, moment, odds, percent, shortened } from './text.js';

/** Promised shares of the bands whose coverage a report tells, in its order. */
const bands = [0.5, 0.8, 0.98];

const plural = (/** @type {number} */ n, /** @type {string} */ one, many = `${one}s`) =>
  `${count(n)} ${n === 1 ? one : many}`;

/** Title and one line about what this is. */
export function heading(/** @type {ReportData} */ { title, pipeline, rows, keys, series, stopped }) {
  const times = series.flatMap(({ past }) => {
    const first = past.stepsMs[0];
    return [first, past.stepsMs.reduce((sum, step) => sum + step, 0)];
  });
  const span = times.length > 0 ? `${moment(Math.min(...times))} to ${moment(Math.max(...times))} UTC` : 'no rows';
  return make(
    'header',
    {},
    make('h1', {}, title),
    make(
      'p',
      { class: 'about' },
      [
        pipeline,
        plural(rows, 'row'),
        ...(keys > 1 ? [plural(keys, 'key')] : []),
        span,
        ...(stopped ? ['stopped before the end'] : []),
      ].join(' · '),
    ),
  );
}

/** The four numbers a reader looks for first. */
export function figures(/** @type {ReportData} */ { anomalies, anomaliesInAll, errors, rejects, series }) {
  const tile = (/** @type {string} */ value, /** @type {string} */ label) =>
    make('div', { class: 'figure' }, make('b', {}, value), make('span', {}, label));
  const first = errors[0]?.horizon;
  const [ours, ...others] = errors.filter(({ horizon, mae }) => horizon === first && mae !== null);
  const rival = others.sort((a, b) => (a.mae ?? 0) - (b.mae ?? 0))[0];
  const bySeverity = severityOrder
    .map((severity) => ({ severity, n: anomalies.filter((anomaly) => anomaly.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .reverse()
    .map(({ severity, n }) => `${count(n)} ${severity}`);
  const rejected = rejects.reduce((sum, { count: n }) => sum + n, 0);
  const gain = ours && rival ? 1 - (ours.mae ?? 0) / (rival.mae ?? 1) : 0;
  const learning = new Map(series.flatMap(({ key, warmup }) => (warmup ? [[key, warmup]] : [])));
  const ahead = first === 1 ? 'one row ahead' : `${first} rows ahead`;
  return make(
    'div',
    { class: 'figures' },
    tile(
      count(anomaliesInAll),
      `${anomaliesInAll === 1 ? 'anomaly' : 'anomalies'}${bySeverity.length > 0 ? `: ${bySeverity.join(', ')}` : ''}`,
    ),
    ...(learning.size > 0
      ? [
          tile(
            count(learning.size),
            `${learning.size === 1 ? 'key that still learns' : 'keys that still learn'}: judged in ${count(Math.max(...learning.values()))} rows`,
          ),
        ]
      : []),
    ...(ours ? [tile(figure(ours.mae), `mean absolute error ${ahead}`)] : []),
    ...(ours && rival
      ? [
          tile(
            `${Math.abs(gain * 100).toFixed(0)} % ${gain >= 0 ? 'better' : 'worse'}`,
            `than ${rival.forecaster}, the best of the simple ones`,
          ),
        ]
      : []),
    ...(ours?.coverage
      ? [tile(percent(ours.coverage[bands.indexOf(0.8)]), `of values inside the 80 % band ${ahead}`)]
      : []),
    ...(rejected > 0
      ? [
          tile(
            count(rejected),
            `rejected: ${rejects.map(({ reason, count: n }) => `${count(n)} ${reason}`).join(', ')}`,
          ),
        ]
      : []),
  );
}

/** What the lines, bands and marks mean. */
export function legend(/** @type {ReportData} */ { anomalies }) {
  const entry = (/** @type {Node} */ sign, /** @type {string} */ text) => make('span', { class: 'legend' }, sign, text);
  return [
    entry(make('i', { class: 'actual' }), 'actual'),
    entry(make('i', { class: 'expected' }), 'expected'),
    entry(make('i', { class: 'band band80' }), '80 % band'),
    entry(make('i', { class: 'band band98' }), '98 % band'),
    ...severityOrder
      .filter((severity) => anomalies.some((anomaly) => anomaly.severity === severity))
      .map((severity) => make('span', {}, mark(severity), severity)),
  ];
}

function table(/** @type {string[]} */ head, /** @type {HTMLElement[]} */ rows, /** @type {string[]} */ classes) {
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...head.map((text, i) => make('th', { class: classes[i], scope: 'col' }, text)))),
    make('tbody', {}, ...rows),
  );
}

/** All anomalies; a click shows one in the chart. */
export function anomalyTable(
  /** @type {ReportData} */ { anomalies, anomaliesInAll, keys, series },
  /** @type {(anomaly: ReportAnomaly) => void} */ jump,
) {
  const title = make('h2', {}, 'Anomalies');
  if (anomalies.length === 0)
    return [title, make('div', { class: 'panel' }, 'None: every row was within what the stream had led to expect.')];
  const manyKeys = keys > 1;
  const manyChannels =
    new Set([...series.map(({ channel }) => channel), ...anomalies.map(({ channel }) => channel)]).size > 1;
  const head = [
    'Severity',
    'Peak (UTC)',
    ...(manyKeys ? ['Key'] : []),
    ...(manyChannels ? ['Channel'] : []),
    'Actual',
    'Expected',
    'Usual range',
    'Rarity',
    'Why',
  ];
  const classOf = (/** @type {string} */ name) =>
    ['Actual', 'Expected', 'Usual range', 'Rarity'].includes(name) ? 'number' : name === 'Why' ? 'wide' : 'fixed';
  const classes = head.map(classOf);
  const rows = anomalies.map((anomaly) => {
    const { severity, peakMs, key, channel, words, score, why, card, open, quantity } = anomaly;
    const { actual, expected, low, high } = quantity ?? anomaly;
    const unit = quantity?.unit === undefined ? '' : ` ${quantity.unit}`;
    const more = make(
      'details',
      {},
      make('summary', { class: 'hint' }, 'why'),
      ...card.map((line) => make('p', {}, line)),
    );
    more.addEventListener('click', (event) => event.stopPropagation());
    const link = make('button', { type: 'button' }, moment(peakMs));
    const when = anomaly.series === undefined ? moment(peakMs) : link;
    const cells = [
      [mark(severity), severity + (open ? ' (open)' : '')],
      [when],
      ...(manyKeys ? [[make('span', { title: key }, shortened(key))]] : []),
      ...(manyChannels ? [[channel]] : []),
      [words ? words[0] : figure(actual) + unit],
      [words ? words[1] : figure(expected) + (quantity?.expected === undefined ? '' : unit)],
      [words ? '' : `${figure(low)} to ${figure(high)}`],
      [odds(score)],
      card.length > 0 ? [why, more] : [why],
    ];
    const row = make('tr', {}, ...cells.map((parts, i) => make('td', { class: classes[i] }, ...parts)));
    if (anomaly.series !== undefined) {
      row.className = 'jump';
      row.addEventListener('click', () => {
        for (const other of row.parentElement?.children ?? []) other.classList.toggle('at', other === row);
        jump(anomaly);
      });
    }
    return row;
  });
  const rest = anomaliesInAll - anomalies.length;
  return [
    title,
    make('div', { class: 'panel scroll tall' }, table(head, rows, classes)),
    ...(rest > 0
      ? [
          make(
            'p',
            { class: 'hint' },
            `${plural(rest, 'more anomaly', 'more anomalies')}, less severe, in the anomalies file.`,
          ),
        ]
      : []),
  ];
}

/** Error and coverage per horizon, beside the simple forecasters. */
export function errorTable(/** @type {ReportData} */ { errors, series }) {
  if (errors.length === 0) return [];
  const head = ['Ahead', 'Forecaster', 'MAE', 'WAPE', 'CRPS', 'In 50 % band', 'In 80 % band', 'In 98 % band'];
  const classes = head.map((_, i) => (i < 2 ? 'fixed' : 'number'));
  const promised = bands;
  const rows = errors.map(({ horizon, forecaster, mae, wape, crps, coverage }, i) => {
    const begins = errors[i - 1]?.horizon !== horizon;
    const cells = [begins ? plural(horizon, 'row') : '', forecaster, figure(mae), percent(wape), figure(crps)].map(
      (text, c) => make('td', { class: classes[c] }, text),
    );
    const shares = promised.map((share, l) => {
      const found = coverage?.[l];
      const off = typeof found === 'number' && Math.abs(found - share) > 0.02;
      return make(
        'td',
        { class: off ? 'number off' : 'number' },
        found === undefined ? '' : percent(found) + (off ? ' !' : ''),
      );
    });
    return make('tr', { class: [begins ? 'ours' : '', begins && i > 0 ? 'group' : ''].join(' ') }, ...cells, ...shares);
  });
  return [
    make('h2', {}, 'Forecast error'),
    make('div', { class: 'panel scroll' }, table(head, rows, classes)),
    make(
      'p',
      { class: 'hint' },
      (new Set(series.map(({ channel }) => channel)).size > 1
        ? 'Errors are one mean over all channels, each in its own units: compare forecasters by them, not channels. '
        : '') +
        'MAE: mean absolute error. WAPE: absolute errors over absolute values. CRPS: error of the whole distribution, that of a single value its MAE. ' +
        'A band keeps its promise when its share of values is what its name says; “!” marks more than 2 points off.',
    ),
  ];
}

/** Where all this comes from. */
export function provenance(
  /** @type {ReportData} */ { pipeline, input, version, settings, rows, rejects, keys, keysDrawn },
) {
  const facts = [
    ['Input', input],
    [
      'Rows',
      `${count(rows)}, ${plural(
        rejects.reduce((sum, { count: n }) => sum + n, 0),
        'rejected',
      )}`.replace(/rejecteds$/, 'rejected'),
    ],
    [
      'Keys',
      keysDrawn < keys
        ? `${count(keys)}, of which the ${count(keysDrawn)} with the most severe anomalies are drawn`
        : count(keys),
    ],
    ['Pipeline', pipeline],
    ['Program', version],
  ];
  return [
    make('h2', {}, 'Provenance'),
    make(
      'div',
      { class: 'panel' },
      make('dl', {}, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
      make('details', {}, make('summary', { class: 'hint' }, 'Settings of every step'), make('pre', {}, settings)),
    ),
  ];
}
