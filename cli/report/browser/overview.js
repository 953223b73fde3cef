import uPlot from 'uplot';
import { axes, utc } from './chart.js';
import { make } from './dom.js';
import { drawMarks, palette } from './marks.js';

/** @typedef {import('./chart.js').Charted} Charted */

/** The small chart of the whole time with the window that the large one shows: drag it, its edges, or a new one. */
export function drawOverview(
  /** @type {HTMLElement} */ box,
  /** @type {Charted} */ columns,
  /** @type {readonly ReportAnomaly[]} */ anomalies,
  /** @type {number} */ width,
  /** @type {{zoom: (from: number, to: number) => void, zoomAll: () => void}} */ does,
) {
  const colours = palette();
  const { x, y } = axes(colours);
  const { times, actual, stepMs } = columns;
  const [firstMs, lastMs] = [times[0] - stepMs, times[times.length - 1] + stepMs];
  const plot = new uPlot(
    {
      width,
      height: 104,
      ms: 1,
      tzDate: utc,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: () => [firstMs, lastMs] },
        y: { range: (_, low, high) => [low - (high - low) * 0.1, high + (high - low) * 0.15 || 1] },
      },
      axes: [
        { ...x, size: 38, grid: { show: false } },
        { ...y, show: true, values: () => [], ticks: { show: false }, grid: { show: false } },
      ],
      series: [{}, { stroke: colours.muted, width: 1, points: { show: false } }],
      hooks: { draw: [(u) => drawMarks(u, anomalies, 0.6)] },
    },
    [times, actual],
    box,
  );
  const frame = make('div', { class: 'window' });
  plot.over.append(frame);
  let [fromMs, toMs] = [times[0], times[times.length - 1]];

  plot.over.addEventListener('pointerdown', (down) => {
    const bounds = plot.over.getBoundingClientRect();
    const msAt = (/** @type {number} */ clientX) => plot.posToVal(clientX - bounds.left, 'x');
    const [start, from, to] = [msAt(down.clientX), fromMs, toMs];
    const near = (/** @type {number} */ ms) => Math.abs(ms - start) < ((lastMs - firstMs) * 8) / bounds.width;
    const grip = near(from) ? 'from' : near(to) ? 'to' : start > from && start < to ? 'window' : 'new';
    plot.over.setPointerCapture(down.pointerId);
    const move = (/** @type {PointerEvent} */ { clientX }) => {
      const now = msAt(clientX);
      if (grip === 'window') does.zoom(from + now - start, to + now - start);
      else {
        const fixed = grip === 'from' ? to : grip === 'to' ? from : start;
        if (Math.abs(fixed - now) > ((lastMs - firstMs) * 3) / bounds.width)
          does.zoom(Math.min(fixed, now), Math.max(fixed, now));
      }
    };
    const up = () => {
      plot.over.removeEventListener('pointermove', move);
      plot.over.removeEventListener('pointerup', up);
      plot.over.removeEventListener('pointercancel', up);
    };
    plot.over.addEventListener('pointermove', move);
    plot.over.addEventListener('pointerup', up);
    plot.over.addEventListener('pointercancel', up);
    down.preventDefault();
  });
  plot.over.addEventListener('dblclick', does.zoomAll);

  return {
    zoom(/** @type {number} */ min, /** @type {number} */ max) {
      [fromMs, toMs] = [min, max];
      const part = (/** @type {number} */ ms) => (100 * ms) / (lastMs - firstMs);
      frame.style.left = `${part(min - firstMs)}%`;
      frame.style.width = `max(8px, ${part(max - min)}%)`;
    },
    destroy: () => plot.destroy(),
  };
}
