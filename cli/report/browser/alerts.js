import uPlot from 'uplot';
import { alertFigures, alertHeading, alertRows, keyRows } from './alert-tables.js';
import { axes, utc } from './chart.js';
import { make } from './dom.js';
import { mark, palette, severityOrder } from './marks.js';
import { count, moment } from './text.js';

// The page of a preview: reads the embedded data, builds everything as DOM nodes and text, never as markup.

/** @type {AlertPageData} */
const preview = JSON.parse(/** @type {HTMLElement} */ (document.getElementById('data')).textContent ?? '');
const main = /** @type {HTMLElement} */ (document.querySelector('main'));
const dayMs = 86_400_000;

const picker = /** @type {HTMLSelectElement} */ (make('select', { 'aria-label': 'rule' }));
picker.append(...preview.rules.map(({ rule }, i) => make('option', { value: String(i) }, rule)));
const figuresBox = make('div', {});
const readout = make('div', { class: 'readout', 'aria-live': 'polite' });
const chartBox = make('div', {
  class: 'chart',
  role: 'group',
  'aria-label': 'alerts that began on each day, by severity',
});
const listBox = make('div', {});

/** @type {uPlot | undefined} */
let plot;

/** Stacked from below: each series is the sum of its severity and all lower ones, drawn from the highest down. */
function stacked(/** @type {readonly (readonly number[])[]} */ days) {
  const sums = preview.days.map(() => 0);
  const layers = days.map((counts) => counts.map((n, day) => (sums[day] += n)));
  return layers.reverse();
}

function show(/** @type {number} */ index) {
  const rule = preview.rules[index];
  figuresBox.replaceChildren(alertFigures(rule));
  const own = preview.alerts.filter((alert) => alert.rule === rule.rule);
  listBox.replaceChildren(...alertRows(own, rule.alerts, preview.keys.length > 1));
  plot?.destroy();
  plot = undefined;
  if (preview.days.length === 0) return;
  const colours = palette();
  const { x, y } = axes(colours);
  const layers = stacked(rule.days);
  const most = Math.max(1, ...layers[0]);
  const first = preview.days[0];
  const last = preview.days[preview.days.length - 1];
  plot = new uPlot(
    {
      width: Math.max(chartBox.clientWidth, 280),
      height: 260,
      ms: 1,
      tzDate: utc,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { range: () => [first - dayMs / 2, last + dayMs / 2] }, y: { range: () => [0, most * 1.08] } },
      axes: [x, { ...y, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] }],
      series: [
        {},
        ...[...severityOrder].reverse().map((severity) => ({
          stroke: colours[severity],
          fill: colours[severity],
          width: 0,
          paths: /** @type {any} */ (uPlot.paths.bars)({ size: [0.8, 28] }),
          points: { show: false },
        })),
      ],
      hooks: {
        setCursor: [
          (u) => {
            const i = u.cursor.idx;
            tell(i === null || i === undefined || (u.cursor.left ?? -1) < 0 ? undefined : i, rule);
          },
        ],
      },
    },
    [[...preview.days], ...layers],
    chartBox,
  );
  tell(undefined, rule);
}

/** The line above the chart: the day under the pointer, or the busiest one. */
function tell(/** @type {number | undefined} */ day, /** @type {AlertPageData['rules'][number]} */ rule) {
  const sums = preview.days.map((_, i) => rule.days.reduce((sum, counts) => sum + counts[i], 0));
  const at = day ?? sums.indexOf(Math.max(...sums));
  const parts = severityOrder.flatMap((severity, i) =>
    rule.days[i][at] > 0 ? [`${count(rule.days[i][at])} ${severity}`] : [],
  );
  const said = `${moment(preview.days[at]).slice(0, 10)}: ${count(sums[at])} began${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
  readout.textContent = day === undefined ? `Busiest day: ${said}` : said;
}

document.title = `Alerts: ${preview.title}`;
const legend = severityOrder.map((severity) => make('span', { class: 'legend' }, mark(severity), severity));
main.append(
  alertHeading(preview),
  figuresBox,
  make(
    'div',
    { class: 'panel' },
    make('div', { class: 'bar' }, ...(preview.rules.length > 1 ? [picker] : []), ...legend),
    readout,
    chartBox,
    make(
      'p',
      { class: 'hint' },
      'Alerts by the day (UTC) on which they began. The rules ran as they would have run live.',
    ),
  ),
  listBox,
  ...keyRows(preview),
  make(
    'details',
    {},
    make('summary', { class: 'hint' }, `Rules · ${preview.version}`),
    make('pre', {}, preview.settings),
  ),
);
picker.addEventListener('change', () => show(Number(picker.value)));
addEventListener('resize', () => show(Number(picker.value || 0)));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => show(Number(picker.value || 0)));
show(0);
