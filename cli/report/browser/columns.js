/** The columns of a series as the charts take them: absolute times, the future after the past. */
export function unpack(/** @type {ReportSeries} */ { past, future }) {
  let ms = 0;
  const times = [...past.stepsMs, ...future.stepsMs].map((step, i) => {
    ms = i === 0 ? step : ms + step;
    return ms;
  });
  const join = (/** @type {Exclude<keyof Columns, 'stepsMs'>} */ name) => [...past[name], ...future[name]];
  const steps = past.stepsMs.slice(1).sort((a, b) => a - b);
  return {
    times,
    stepMs: steps[steps.length >> 1] || 1000,
    nowMs: times[past.stepsMs.length - 1],
    actual: join('actual'),
    expected: join('expected'),
    low98: join('low98'),
    low80: join('low80'),
    high80: join('high80'),
    high98: join('high98'),
  };
}
