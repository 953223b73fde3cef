import type { Anomaly } from '../../event.js';

/** Times in a line at most. */
const timesMax = 3;

/** What is known of an anomaly beside its numbers, as lines of text. */
export function cardLines(anomaly: Anomaly): string[] {
  const { word, unexpected = [], causes = [], steps = [], similar = [], model, version, judge } = anomaly;
  const likely = word?.expected.map(({ word: other, probability }) => `${other} ${Math.round(100 * probability)} %`);
  const fields = unexpected.map(
    ({ field, share, instead }) => `${field} ${Math.round(100 * share)} % (expected: ${instead})`,
  );
  // The sentence of the anomaly may say it already.
  const text = causes[0] && !anomaly.why?.includes(causes[0].text) ? `; ${causes[0].text}` : '';
  const shares = causes.map(({ feature, contribution }) => `${feature} ${Math.round(100 * contribution)} %`).join(', ');
  const alike = similar.map(({ startMs, likeness }) => `${moment(startMs)} (${Math.round(100 * likeness)} % alike)`);
  const rows = steps
    .slice(0, timesMax)
    .map(({ timeMs, surprise }) => `${moment(timeMs)} (${surprise.toFixed(1)} nats)`);
  return [
    ...(likely && likely.length > 0 ? [`Predicted instead: ${likely.join(', ')}`] : []),
    ...(fields.length > 0 ? [`Not expected: ${fields.join(', ')}`] : []),
    ...(causes[0] ? [`What was new: ${shares}${text}`] : []),
    ...(rows.length > 0 ? [`Most surprising rows up to its end: ${rows.join(', ')}`] : []),
    ...(alike.length > 0 ? [`Earlier ones like it: ${alike.slice(0, timesMax).join(', ')}`] : []),
    ...(judge === undefined ? [] : [`Alarmed by ${judge.name}, version ${judge.version}`]),
    ...(model === undefined
      ? []
      : [`${judge === undefined ? 'Said' : 'What was expected is said'} by the memory ${model}, version ${version}`]),
  ];
}

/** UTC, to the second. */
const moment = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ').replace(/:00$/, '');
