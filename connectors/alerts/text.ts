import { type Alert, type Severity, severities } from '../../event.js';
import type { Delivery } from './sink.js';

/** Alerts that a message to people lists; of the others it says how many there are. */
export const listedAlerts = 20;

/** The worst first, then the earliest: what people should read first. */
export function worstFirst(alerts: readonly Alert[]): Alert[] {
  const rank = ({ status, severity }: Alert): number => (status === 'firing' ? 0 : 10) - severities.indexOf(severity);
  return [...alerts].sort(
    (a, b) => rank(a) - rank(b) || (a.startsAt < b.startsAt ? -1 : a.startsAt > b.startsAt ? 1 : 0),
  );
}

/** The highest severity among those that fire, or among all if none does. */
export function worstSeverity(alerts: readonly Alert[]): Severity {
  const [worst] = worstFirst(alerts);
  return worst?.severity ?? 'info';
}

/** What has happened in one line: `[FIRING 3] machine-7 and 2 more keys: temp 90 where 60 was expected`. */
export function titleOf({ alerts, status, labels }: Delivery): string {
  const firing = alerts.filter((alert) => alert.status === 'firing').length;
  const [worst] = worstFirst(alerts);
  const others = new Set(alerts.map(({ key }) => key)).size - 1;
  const more = others > 0 ? ` and ${others} more ${others === 1 ? 'key' : 'keys'}` : '';
  const word = status === 'firing' ? `FIRING ${firing}` : `RESOLVED ${alerts.length}`;
  const common = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return oneLine(`[${word}] ${worst?.key ?? ''}${more}${common ? ` (${common})` : ''}: ${worst?.summary ?? ''}`);
}

/** One alert in one line of text. */
export function lineOf({ status, severity, key, rule, startsAt, endsAt, summary, episodes }: Alert): string {
  const when = status === 'resolved' && endsAt ? `${startsAt} to ${endsAt}` : `since ${startsAt}`;
  const again = episodes > 1 ? `, ${episodes} times` : '';
  return oneLine(`${status === 'firing' ? severity : 'resolved'}: ${key} (${rule}) ${when}${again}: ${summary}`);
}

/** All of a delivery as plain text, worst first. */
export function bodyOf(delivery: Delivery): string {
  const listed = worstFirst(delivery.alerts).slice(0, listedAlerts);
  const rest = delivery.alerts.length - listed.length;
  const counts = severities
    .map(
      (severity) =>
        [severity, delivery.alerts.filter((a) => a.status === 'firing' && a.severity === severity).length] as const,
    )
    .filter(([, n]) => n > 0)
    .map(([severity, n]) => `${n} ${severity}`);
  return [
    ...(counts.length > 0 ? [`Firing: ${counts.join(', ')}.`] : []),
    ...listed.map((alert) => (alert.replay ? `${lineOf(alert)}\n  ${oneLine(alert.replay)}` : lineOf(alert))),
    ...(rest > 0 ? [`… and ${rest} more.`] : []),
  ].join('\n');
}

/** Without line ends and other characters that would break out of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
