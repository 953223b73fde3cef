import { make } from './dom.js';
import { mark, severityOrder } from './marks.js';
import { count, figure, moment, shortened } from './text.js';

const plural = (/** @type {number} */ n, /** @type {string} */ one) => `${count(n)} ${n === 1 ? one : `${one}s`}`;

/** A span as people say it: 45 s, 30 min, 2.5 h, 3 d. */
export function span(/** @type {number | null} */ ms) {
  if (ms === null) return '–';
  const [unit, size] =
    ms >= 172_800_000
      ? ['d', 86_400_000]
      : ms >= 7_200_000
        ? ['h', 3_600_000]
        : ms >= 120_000
          ? ['min', 60_000]
          : ['s', 1000];
  return `${Number((ms / Number(size)).toPrecision(2))} ${unit}`;
}

/** Title, time and what it is. */
export function alertHeading(/** @type {AlertPageData} */ { title, fromMs, toMs, days }) {
  const when = days.length > 0 ? `${moment(fromMs)} to ${moment(toMs)} UTC` : 'no rows';
  return make(
    'header',
    {},
    make('h1', {}, `Would have fired: ${title}`),
    make('p', { class: 'about' }, `${when} · ${plural(days.length, 'day')}`),
  );
}

/** The numbers of one rule. */
export function alertFigures(
  /** @type {AlertPageData['rules'][number]} */ { alerts, perDay, open, messages, medianMs, days },
) {
  const tile = (/** @type {string} */ value, /** @type {string} */ label) =>
    make('div', { class: 'figure' }, make('b', {}, value), make('span', {}, label));
  const bySeverity = severityOrder
    .map((severity, i) => ({ severity, n: days[i].reduce((sum, n) => sum + n, 0) }))
    .filter(({ n }) => n > 0)
    .reverse()
    .map(({ severity, n }) => `${count(n)} ${severity}`);
  return make(
    'div',
    { class: 'figures' },
    tile(
      count(alerts),
      `${alerts === 1 ? 'alert' : 'alerts'}${bySeverity.length > 0 ? `: ${bySeverity.join(', ')}` : ''}`,
    ),
    tile(figure(Number(perDay.toPrecision(2))), 'alerts a day'),
    tile(
      count(messages),
      `${messages === 1 ? 'message' : 'messages'} to people: begins, ends, and every four hours again`,
    ),
    tile(span(medianMs), `median length${open > 0 ? `, ${count(open)} still open` : ''}`),
  );
}

function table(/** @type {string[]} */ head, /** @type {HTMLElement[]} */ rows, /** @type {string[]} */ classes) {
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...head.map((text, i) => make('th', { class: classes[i], scope: 'col' }, text)))),
    make('tbody', {}, ...rows),
  );
}

/** Keys by how often they would have alerted. */
export function keyRows(/** @type {AlertPageData} */ { keys, moreKeys, alertsInAll }) {
  if (keys.length < 2) return [];
  const classes = ['fixed', 'number', 'number', 'fixed'];
  const rows = keys.map(({ key, alerts, worst }) =>
    make(
      'tr',
      {},
      make('td', { class: classes[0], title: key }, shortened(key)),
      make('td', { class: classes[1] }, count(alerts)),
      make('td', { class: classes[2] }, `${((100 * alerts) / alertsInAll).toFixed(0)} %`),
      make('td', { class: classes[3] }, mark(worst), worst),
    ),
  );
  return [
    make('h2', {}, 'Keys'),
    make('div', { class: 'panel scroll' }, table(['Key', 'Alerts', 'Share', 'Worst'], rows, classes)),
    ...(moreKeys > 0 ? [make('p', { class: 'hint' }, `${plural(moreKeys, 'more key')} with fewer alerts.`)] : []),
  ];
}

/** The alerts of one rule. */
export function alertRows(/** @type {readonly PageAlert[]} */ alerts, /** @type {number} */ inAll, manyKeys = false) {
  const title = make('h2', {}, 'Alerts');
  if (alerts.length === 0) return [title, make('div', { class: 'panel' }, 'None in this time.')];
  const head = ['Severity', 'From (UTC)', 'Length', ...(manyKeys ? ['Key'] : []), 'Actual', 'Expected', 'Why'];
  const classes = head.map((name) =>
    ['Actual', 'Expected', 'Length'].includes(name) ? 'number' : name === 'Why' ? 'wide' : 'fixed',
  );
  const rows = alerts.map(({ severity, open, startMs, endMs, key, value, expected, why, episodes }) => {
    const cells = [
      [mark(severity), severity + (open ? ' (open)' : '')],
      [moment(startMs)],
      [span(endMs - startMs)],
      ...(manyKeys ? [[make('span', { title: key }, shortened(key))]] : []),
      [figure(value)],
      [figure(expected)],
      [episodes > 1 ? `${why} (${count(episodes)} times)` : why],
    ];
    return make('tr', {}, ...cells.map((parts, i) => make('td', { class: classes[i] }, ...parts)));
  });
  return [
    title,
    make('div', { class: 'panel scroll tall' }, table(head, rows, classes)),
    ...(inAll > alerts.length
      ? [make('p', { class: 'hint' }, `${count(inAll - alerts.length)} more, less severe: --json tells them all.`)]
      : []),
  ];
}
