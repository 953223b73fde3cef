/** Severities differ in shape as well as in colour; outlines in a square from −6 to 6. @type {Record<Severity, string>} */
const outlines = {
  info: 'M5 0A5 5 0 1 1 -5 0A5 5 0 1 1 5 0Z',
  warning: 'M0 -5.5L5.5 4.5L-5.5 4.5Z',
  major: 'M0 -6L6 0L0 6L-6 0Z',
  critical: 'M-5.5 -3.4L-3.4 -5.5L0 -2.1L3.4 -5.5L5.5 -3.4L2.1 0L5.5 3.4L3.4 5.5L0 2.1L-3.4 5.5L-5.5 3.4L-2.1 0Z',
};
export const severityOrder = /** @type {Severity[]} */ (Object.keys(outlines));

export const mostSevere = (/** @type {readonly ReportAnomaly[]} */ anomalies) =>
  [...anomalies].sort(
    (a, b) => severityOrder.indexOf(b.severity) - severityOrder.indexOf(a.severity) || a.score - b.score,
  )[0];

/** The mark of a severity for tables and legends. */
export function mark(/** @type {Severity} */ severity) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', `mark ${severity}`);
  svg.setAttribute('viewBox', '-7 -7 14 14');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', outlines[severity]);
  svg.append(path);
  return svg;
}

/** Draws marks on a chart at the peaks, on the value that came or, where none came, on the one that was expected. */
export function drawMarks(
  /** @type {import("uplot")} */ u,
  /** @type {readonly ReportAnomaly[]} */ anomalies,
  /** @type {number} */ size,
) {
  const { ctx, bbox } = u;
  const colours = palette();
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { severity, peakMs, actual, expected } of anomalies) {
    const value = actual ?? expected;
    const x = u.valToPos(peakMs, 'x', true);
    if (x < bbox.left - 20 || x > bbox.left + bbox.width + 20) continue;
    const margin = 9 * devicePixelRatio * size;
    const raw = value === null ? bbox.top + bbox.height : u.valToPos(value, 'y', true);
    const y = Math.min(Math.max(raw, bbox.top + margin), bbox.top + bbox.height - margin);
    ctx.save();
    ctx.translate(x, y);
    ctx.scale(devicePixelRatio * size, devicePixelRatio * size);
    const path = new Path2D(outlines[severity]);
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = colours.panel;
    ctx.stroke(path);
    ctx.fillStyle = colours[severity];
    ctx.fill(path);
    ctx.restore();
  }
  ctx.restore();
}

/** The colours of the style sheet, for the canvas. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    panel: of('panel'),
    ink: of('ink'),
    muted: of('muted'),
    line: of('line'),
    grid: of('grid'),
    actual: of('actual'),
    expected: of('expected'),
    band80: of('band80'),
    band98: of('band98'),
    episode: of('episode'),
    info: of('info'),
    warning: of('warning'),
    major: of('major'),
    critical: of('critical'),
  };
}
