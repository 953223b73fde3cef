/** What is told of a run, as it goes into its log. */
export interface LogEvent {
  readonly type: string;
  readonly shard?: string;
  readonly message?: string;
  readonly error?: string;
}

/** Kinds of lines that come again and again while something is away. */
const repeating = new Set(['client', 'reader-failed', 'dropped', 'checkpoint-failed']);
/** With these something works again: what fails after them is news. */
const better = new Set(['reachable', 'assigned', 'live']);
const quietMs = { first: 10_000, most: 600_000 };

interface Said {
  quietMs: number;
  untilMs: number;
  unsaid: number;
}

/**
 * One JSON object per change of state. A line that only repeats one before it, up to numbers, is counted: it comes again
 * after ten seconds, then after twice as long each time, with `repeated`, how often it went unsaid.
 */
export class KafkaLog {
  readonly #said = new Map<string, Said>();

  constructor(
    readonly onLine: (line: string) => void,
    readonly nowMs: () => number = Date.now,
  ) {}

  write(event: LogEvent): void {
    const now = this.nowMs();
    if (better.has(event.type)) this.#said.clear();
    const repeated = repeating.has(event.type) ? this.#repeated(event, now) : 0;
    if (repeated === undefined) return;
    const line = { time: new Date(now).toISOString(), ...event, ...(repeated > 0 ? { repeated } : {}) };
    this.onLine(JSON.stringify(line));
  }

  /** How often it went unsaid, or undefined where it goes unsaid now. */
  #repeated({ type, shard = '', message = '', error = '' }: LogEvent, now: number): number | undefined {
    const name = `${type} ${shard} ${message} ${error}`.replaceAll(/\d+/g, '#');
    const said = this.#said.get(name);
    if (said && now < said.untilMs) {
      said.unsaid++;
      return undefined;
    }
    const unsaid = said?.unsaid ?? 0;
    // One that was not met for all that time is news again.
    const longer = said && unsaid > 0 ? Math.min(said.quietMs * 2, quietMs.most) : quietMs.first;
    this.#said.set(name, { quietMs: longer, untilMs: now + longer, unsaid: 0 });
    return unsaid;
  }
}
