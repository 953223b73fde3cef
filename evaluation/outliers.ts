/** Rows told apart by what was labelled and what was alarmed. */
export class Confusion {
  hits = 0;
  misses = 0;
  falseAlarms = 0;
  quiet = 0;

  add(labelled: boolean, alarmed: boolean): void {
    if (labelled && alarmed) this.hits++;
    else if (labelled) this.misses++;
    else if (alarmed) this.falseAlarms++;
    else this.quiet++;
  }

  /** F1, and false alarm and missed alarm rates in percent, as SKAB prints them. */
  get metrics(): { f1: number; far: number; mar: number } {
    const { hits, misses, falseAlarms, quiet } = this;
    return {
      f1: hits === 0 ? 0 : (2 * hits) / (2 * hits + misses + falseAlarms),
      far: (100 * falseAlarms) / (falseAlarms + quiet),
      mar: (100 * misses) / (misses + hits),
    };
  }
}
