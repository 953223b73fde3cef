import uPlot from 'uplot';
import { make } from './dom.js';
import { drawMarks, palette } from './marks.js';
import { figure, moment, odds, precise } from './text.js';

/** @typedef {ReturnType<typeof import('./columns.js').unpack>} Charted */

/** UTC, whatever the reader's own time zone. */
export const utc = (/** @type {number} */ ms) => uPlot.tzDate(new Date(ms), 'Etc/UTC');

/** The axes both charts share. */
export function axes(/** @type {ReturnType<typeof palette>} */ colours) {
  const axis = {
    stroke: colours.muted,
    font: '12px system-ui, sans-serif',
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.line, width: 1, size: 4 },
  };
  return {
    x: { ...axis, space: 80, values: (/** @type {uPlot} */ _, /** @type {number[]} */ splits) => ticks(splits) },
    y: {
      ...axis,
      size: 64,
      values: (/** @type {uPlot} */ _, /** @type {number[]} */ splits) => splits.map((value) => figure(value)),
    },
  };
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Labels of the time axis: the clock, and below it the day where it changes; or the day, and below it the year. */
function ticks(/** @type {number[]} */ splits) {
  const stepMs = splits.length > 1 ? splits[1] - splits[0] : 0;
  let above = '';
  return splits.map((ms) => {
    const date = new Date(ms);
    const day = `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
    const clock = date.toISOString().slice(11, stepMs % 60_000 === 0 ? 16 : stepMs % 1000 === 0 ? 19 : 23);
    const [fine, coarse] = stepMs < 86_400_000 ? [clock, day] : [day, String(date.getUTCFullYear())];
    const changed = coarse !== above;
    above = coarse;
    return changed ? `${fine}\n${coarse}` : fine;
  });
}

/**
 * Limits of the value axis: all values, expectations and 80 % bands in sight; the 98 % band may add half of that, so that
 * a first, wild guess does not flatten everything.
 */
function limits(/** @type {Charted} */ columns, /** @type {number} */ fromMs, /** @type {number} */ toMs) {
  let [low, high, low98, high98] = [Infinity, -Infinity, Infinity, -Infinity];
  columns.times.forEach((ms, i) => {
    if (ms < fromMs || ms > toMs) return;
    for (const value of [columns.actual[i], columns.low80[i], columns.high80[i]]) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    low98 = Math.min(low98, columns.low98[i] ?? low98);
    high98 = Math.max(high98, columns.high98[i] ?? high98);
  });
  if (low > high) return [0, 1];
  const span = high - low || Math.abs(high) || 1;
  const pad = span * 0.06;
  return [
    Math.min(low, Math.max(low98, low - span / 2)) - pad,
    Math.max(high, Math.min(high98, high + span / 2)) + pad,
  ];
}

/** The large chart: bands, expected line, actual line, episodes and marks. */
export function drawChart(
  /** @type {HTMLElement} */ box,
  /** @type {Charted} */ columns,
  /** @type {readonly ReportAnomaly[]} */ anomalies,
  /** @type {number} */ width,
  /** @type {{zoom: (from: number, to: number) => void, zoomAll: () => void, say: (parts: string[] | undefined) => void}} */ does,
) {
  const colours = palette();
  const { x, y } = axes(colours);
  const edge = { stroke: 'transparent', width: 0, points: { show: false } };
  const { times, low98, high98, low80, high80, expected, actual } = columns;

  let [fromMs, toMs] = [times[0], times[times.length - 1]];

  const underlay = (/** @type {uPlot} */ u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colours.episode;
    for (const { startMs, endMs } of anomalies) {
      const from = u.valToPos(startMs - columns.stepMs / 2, 'x', true);
      ctx.fillRect(from, bbox.top, u.valToPos(endMs + columns.stepMs / 2, 'x', true) - from, bbox.height);
    }
    if (times[times.length - 1] > columns.nowMs) {
      const now = u.valToPos(columns.nowMs, 'x', true);
      ctx.strokeStyle = colours.muted;
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(now, bbox.top);
      ctx.lineTo(now, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };

  const under = (/** @type {uPlot} */ u) => {
    const i = u.cursor.idx;
    if (i === null || i === undefined || (u.cursor.left ?? -1) < 0) return does.say(undefined);
    const within = anomalies.filter(({ startMs, endMs }) => startMs <= times[i] && times[i] <= endMs);
    does.say([
      moment(times[i]),
      ...(times[i] > columns.nowMs ? ['(to come)'] : [`actual ${precise(actual[i])}`]),
      `expected ${precise(expected[i])}`,
      `80 %: ${precise(low80[i])} to ${precise(high80[i])}`,
      `98 %: ${precise(low98[i])} to ${precise(high98[i])}`,
      ...within.map(({ severity, score }) => `${severity} anomaly (${odds(score)})`),
    ]);
  };

  const plot = new uPlot(
    {
      width,
      height: Math.round(Math.min(380, Math.max(240, width * 0.36))),
      ms: 1,
      tzDate: utc,
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { show: (_, i) => (i === 6 ? make('div') : /** @type {any} */ (false)), size: 7 },
        bind: {
          dblclick: () => () => {
            does.zoomAll();
            return null;
          },
        },
      },
      // The window is ours, not `u.scales.x`: uPlot still holds the last one while it asks for this.
      scales: { y: { range: () => /** @type {[number, number]} */ (limits(columns, fromMs, toMs)) } },
      axes: [x, y],
      series: [
        {},
        edge,
        edge,
        edge,
        edge,
        { stroke: colours.expected, width: 1.2, points: { show: false } },
        { stroke: colours.actual, width: 1.4, points: { show: pointsWhenFew } },
      ],
      bands: [
        { series: [1, 2], fill: colours.band98 },
        { series: [3, 4], fill: colours.band80 },
      ],
      hooks: {
        drawAxes: [underlay],
        draw: [(u) => drawMarks(u, anomalies, 1)],
        setCursor: [under],
        setSelect: [
          (u) => {
            const { left, width: wide } = u.select;
            if (wide > 3) does.zoom(u.posToVal(left, 'x'), u.posToVal(left + wide, 'x'));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    [times, high98, low98, high80, low80, expected, actual],
    box,
  );
  return {
    zoom(/** @type {number} */ min, /** @type {number} */ max) {
      [fromMs, toMs] = [min, max];
      plot.setScale('x', { min, max });
    },
    destroy: () => plot.destroy(),
  };
}

/** Dots on the line once there are few enough rows in sight to tell them apart. */
function pointsWhenFew(
  /** @type {uPlot} */ u,
  /** @type {number} */ _,
  /** @type {number} */ from,
  /** @type {number} */ to,
) {
  return (to - from) * 9 < u.bbox.width / devicePixelRatio;
}
