import { zoneOf } from '../connectors/times.js';

/** Clocks of a place: how far they are ahead of UTC at a moment, and which moments they show a time at. */
export interface Zone {
  offsetMs(timeMs: number): number;
  /** The first and the last moment at which clocks show a local time: two where they are set back over it, else one. */
  momentsOf(localMs: number): { readonly first: number; readonly last: number };
}

const dayMs = 86_400_000;
/** Clocks are set at quarters of an hour, wherever they are. */
const quarterMs = 900_000;
/** Offsets that are remembered: asking for one costs microseconds. */
const rememberedMax = 4096;

/** An offset such as `+02:00`, `Z`, or a name of the IANA's such as `Europe/Berlin`; undefined where it is neither. */
export function openZone(text: string): Zone | undefined {
  const fixedMs = zoneOf(text);
  if (fixedMs !== undefined) {
    return {
      offsetMs: () => fixedMs,
      momentsOf: (localMs) => ({ first: localMs - fixedMs, last: localMs - fixedMs }),
    };
  }
  // Short names such as `CET` and `EST` have no summer time for some systems, and one for others.
  if (!/^[A-Za-z]+(\/[A-Za-z0-9_+-]+)+$/.test(text)) return undefined;
  let clock: Intl.DateTimeFormat;
  try {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: text, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const remembered = new Map<number, number>();
  const offsetMs = (timeMs: number): number => {
    const quarter = Math.floor(timeMs / quarterMs);
    const known = remembered.get(quarter);
    if (known !== undefined) return known;
    const found = offsetIn(clock, quarter * quarterMs);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(quarter, found);
    return found;
  };
  return {
    offsetMs,
    momentsOf(localMs) {
      const [before, after] = [offsetMs(localMs - dayMs), offsetMs(localMs + dayMs)];
      const shown = [localMs - before, localMs - after].filter((moment) => moment + offsetMs(moment) === localMs);
      // A time that clocks leap over is as long after the leap as it would have been after the last minute before.
      if (shown.length === 0) return { first: localMs - before, last: localMs - before };
      return { first: Math.min(...shown), last: Math.max(...shown) };
    },
  };
}

/** `GMT`, `GMT+05:30`, and before there were zones also seconds, as part of a date. */
function offsetIn(clock: Intl.DateTimeFormat, timeMs: number): number {
  const name = clock.formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds = '0'] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
  if (sign === undefined) return 0;
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}
