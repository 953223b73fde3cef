/** No line may be longer: what is longer is refused without being held in memory. */
export const lineCharsMax = 1 << 20;
const prefixChars = 4096;

/** Lines of a text that comes in pieces, each found once it is whole; where the pieces were cut makes no difference. */
export class Lines {
  /** What the line lies in, from `start` to `end`, without its line end. */
  text = '';
  start = 0;
  end = 0;
  /** 1-based number of the line. */
  line = 0;
  /** The line is longer than allowed: only its beginning is there. */
  long = false;
  /** The text ended before the line did. */
  cut = false;
  /** Where the text goes on after the line. */
  #at = 0;
  #passed = 0;
  #ended = false;
  #skipping = false;
  #prefix = '';

  push(piece: string): void {
    this.text = this.#at === this.text.length ? piece : this.text.slice(this.#at) + piece;
    this.#at = 0;
  }

  /** No more pieces come. */
  finish(): void {
    this.#ended = true;
  }

  /** Goes to the next line; false where there is none yet. */
  next(): boolean {
    const { text } = this;
    const at = this.#at;
    let end = text.indexOf('\n', at);
    this.cut = false;
    if (end < 0) {
      if (!this.#ended) {
        if (this.#skipping || text.length - at > lineCharsMax) this.#skip();
        return false;
      }
      if (at >= text.length && !this.#skipping) return false;
      end = text.length;
      this.cut = true;
    }
    this.line = ++this.#passed;
    this.#at = Math.min(end + 1, text.length);
    this.long = this.#skipping || end - at > lineCharsMax;
    this.start = at;
    this.end = end > at && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    if (this.#skipping) {
      this.text = this.#prefix + text.slice(this.#at);
      this.start = 0;
      this.end = this.#prefix.length;
      this.#at = this.end;
      this.#skipping = false;
    }
    return true;
  }

  /** Joins the line after this one to it: 'wait' where that has not come yet, 'end' where there is none. */
  extend(): 'more' | 'wait' | 'end' {
    const { text } = this;
    if (this.#at >= text.length) return this.#ended ? 'end' : 'wait';
    const found = text.indexOf('\n', this.#at);
    if (found < 0 && !this.#ended) return 'wait';
    const end = found < 0 ? text.length : found;
    this.cut = found < 0;
    this.#passed++;
    this.#at = Math.min(end + 1, text.length);
    this.end = end > this.start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    return 'more';
  }

  /** Takes the line back, with all that was joined to it: `next` will give it again. */
  back(): void {
    this.#at = this.start;
    this.#passed = this.line - 1;
  }

  /** The line as text. */
  toString(): string {
    return this.text.slice(this.start, this.end);
  }

  #skip(): void {
    if (!this.#skipping) this.#prefix = this.text.slice(this.#at, this.#at + prefixChars);
    this.#skipping = true;
    this.text = '';
    this.#at = 0;
  }
}
