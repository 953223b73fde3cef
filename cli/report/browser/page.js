import { drawChart } from './chart.js';
import { unpack } from './columns.js';
import { make } from './dom.js';
import { mostSevere } from './marks.js';
import { drawOverview } from './overview.js';
import { anomalyTable, errorTable, figures, heading, legend, provenance } from './tables.js';
import { count } from './text.js';

// The page of a report: reads the embedded data, builds everything as DOM nodes and text, never as markup.

/** @type {ReportData} */
const report = JSON.parse(/** @type {HTMLElement} */ (document.getElementById('data')).textContent ?? '');
const charted = report.series.map(unpack);
const body = /** @type {HTMLElement} */ (document.querySelector('main'));

const readout = make('div', { class: 'readout', 'aria-live': 'polite' });
const chartBox = make('div', { class: 'chart', tabindex: '0', role: 'group' });
const overviewBox = make('div', { class: 'overview' });
const hint = make('p', { class: 'hint' });

/** What is looked at: the series, and the part of its time. */
const view = { series: 0, fromMs: 0, toMs: 0 };
/** @type {ReturnType<typeof drawChart> | undefined} */
let chart;
/** @type {ReturnType<typeof drawOverview> | undefined} */
let overview;

/** Shows a part of the time of the series that is looked at; at least 4 rows of it. */
function zoom(/** @type {number} */ fromMs, /** @type {number} */ toMs) {
  const { times, stepMs } = charted[view.series];
  const [first, last] = [times[0] - stepMs, times[times.length - 1] + stepMs];
  const span = Math.min(Math.max(toMs - fromMs, 4 * stepMs), last - first);
  view.fromMs = Math.min(Math.max(fromMs, first), last - span);
  view.toMs = view.fromMs + span;
  chart?.zoom(view.fromMs, view.toMs);
  overview?.zoom(view.fromMs, view.toMs);
  remember();
}

function zoomAll() {
  zoom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** Half the span to the left and right of a moment, but never less than some rows. */
function zoomTo(/** @type {ReportAnomaly} */ { startMs, endMs, series }) {
  if (series === undefined) return;
  if (series !== view.series) show(series);
  const around = Math.max((endMs - startMs) * 1.5, 150 * charted[series].stepMs);
  zoom(startMs - around, endMs + around);
}

function remember() {
  const part = `#series=${view.series}&from=${Math.round(view.fromMs)}&to=${Math.round(view.toMs)}`;
  try {
    history.replaceState(null, '', part);
  } catch {
    // Some viewers of local files forbid it; then there is no link to this view.
  }
}

function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const [series, from, to] = ['series', 'from', 'to'].map((name) => Number(wanted.get(name) ?? Number.NaN));
  if (!charted[series] || !(from < to)) return false;
  show(series);
  zoom(from, to);
  return true;
}

/** Draws a series anew: another one was chosen, the window has another width, or the colours changed. */
function show(/** @type {number} */ index) {
  view.series = index;
  chart?.destroy();
  overview?.destroy();
  const series = report.series[index];
  const columns = charted[index];
  const anomalies = report.anomalies.filter((anomaly) => anomaly.series === index);
  const width = Math.max(chartBox.clientWidth, 280);
  chart = drawChart(chartBox, columns, anomalies, width, { zoom, zoomAll, say: tell });
  overview = drawOverview(overviewBox, columns, anomalies, width, { zoom, zoomAll });
  chartBox.setAttribute('aria-label', `${nameOf(series)}: actual values, forecast bands and anomalies`);
  picker.value = String(index);
  const drawn = series.past.actual.length;
  hint.textContent =
    (series.warmup
      ? `Learning: ${count(series.warmup)} more ${series.warmup === 1 ? 'row' : 'rows'} until this key is judged; no alarm can come before. `
      : '') +
    'Drag to zoom, double-click for all. Keys: ← → move, + − zoom, 0 all, n p next and previous anomaly. Times are UTC.' +
    (drawn < series.rows
      ? ` Drawn: ${count(drawn)} of ${count(series.rows)} rows (lowest and highest of every stretch, all near anomalies).`
      : '');
  tell(undefined);
}

/** The line above the chart: what is under the pointer, or what the bands are. */
function tell(/** @type {string[] | undefined} */ parts) {
  readout.textContent = parts ? parts.join('   ') : 'Each forecast was made at the row before its value arrived.';
}

const nameOf = (/** @type {ReportSeries} */ { key, channel }) =>
  report.series.some((other) => other.key !== report.series[0].key) || key !== ''
    ? [key, channel].filter(Boolean).join(' · ')
    : channel;

const picker = /** @type {HTMLSelectElement} */ (make('select', { 'aria-label': 'series' }));
picker.append(...report.series.map((series, i) => make('option', { value: String(i) }, nameOf(series))));
picker.addEventListener('change', () => {
  show(Number(picker.value));
  zoomAll();
});

/** Index of the anomaly that n and p start from. */
let at = -1;
function step(/** @type {number} */ by) {
  const drawn = report.anomalies.filter(({ series }) => series !== undefined);
  if (drawn.length === 0) return;
  at = (at + by + drawn.length) % drawn.length;
  zoomTo(drawn[at]);
}

chartBox.addEventListener('keydown', (event) => {
  const span = view.toMs - view.fromMs;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => zoom(view.fromMs - span / 4, view.toMs - span / 4),
    ArrowRight: () => zoom(view.fromMs + span / 4, view.toMs + span / 4),
    '+': () => zoom(view.fromMs + span / 4, view.toMs - span / 4),
    '=': () => zoom(view.fromMs + span / 4, view.toMs - span / 4),
    '-': () => zoom(view.fromMs - span / 2, view.toMs + span / 2),
    0: zoomAll,
    Escape: zoomAll,
    n: () => step(1),
    p: () => step(-1),
  };
  const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.title = report.title;
body.append(heading(report), figures(report));
if (charted.length > 0) {
  const all = make('button', { type: 'button' }, 'Show all');
  all.addEventListener('click', zoomAll);
  const bar = make('div', { class: 'bar' }, ...(charted.length > 1 ? [picker] : []), ...legend(report));
  bar.append(make('span', { class: 'space' }), all);
  body.append(make('div', { class: 'panel' }, bar, readout, chartBox, overviewBox, hint));
  if (!recall()) {
    // Of several series the one where the worst was found, which need not be the first channel of its key.
    const worst = mostSevere(report.anomalies.filter(({ series }) => series !== undefined));
    show(worst?.series ?? 0);
    if (worst && charted[view.series].times.length > 1500) zoomTo(worst);
    else zoomAll();
  }
  const again = () => {
    const { fromMs, toMs } = view;
    show(view.series);
    zoom(fromMs, toMs);
  };
  let width = chartBox.clientWidth;
  addEventListener('resize', () => {
    if (chartBox.clientWidth === width) return;
    width = chartBox.clientWidth;
    again();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  addEventListener('hashchange', recall);
}
body.append(
  ...anomalyTable(report, (anomaly) => {
    at = report.anomalies.filter(({ series }) => series !== undefined).indexOf(anomaly);
    zoomTo(anomaly);
    chartBox.scrollIntoView({ block: 'nearest' });
    chartBox.focus({ preventScroll: true });
  }),
  ...errorTable(report),
  ...provenance(report),
);
