/** Where a text stops being JSON: the message has line and column, both from 1, and never more than one sign of the text. */
export class BrokenJson extends Error {
  override readonly name = 'BrokenJson';
  constructor(
    readonly line: number,
    readonly column: number,
    /** What was expected there, what came, what to do. */
    readonly why: string,
  ) {
    super(`line ${line}, column ${column}: ${why}`);
  }

  /** The same without the line, for a text that is a line of something: whoever has it knows which. */
  get inLine(): string {
    return `column ${this.column}: ${this.why}`;
  }
}

/**
 * The value of a text; throws `BrokenJson` where it has none. Node's own error has no line, often no place at all, differs
 * from release to release, and quotes the text around the fault, which may be a secret.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw broken(text) ?? error;
  }
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

function broken(text: string): BrokenJson | undefined {
  /** The brackets that must still come, innermost last. */
  const open: string[] = [];
  let wanted: 'value' | 'value or ]' | 'name' | 'name or }' | ':' | 'more' = 'value';
  for (let at = 0; ; ) {
    while (at < text.length && ' \t\r\n'.includes(text[at])) at++;
    const sign = text[at];
    const close = open.at(-1);
    if (wanted === ':') {
      if (sign !== ':') return fault(text, at, '":"');
      at++;
      wanted = 'value';
    } else if (wanted === 'more') {
      if (close === undefined) return sign === undefined ? undefined : fault(text, at, 'the end');
      if (sign !== ',' && sign !== close) return fault(text, at, `"," or "${close}"`);
      at++;
      if (sign === close) open.pop();
      else wanted = close === ']' ? 'value' : 'name';
    } else if (sign !== undefined && sign === close && wanted.endsWith(` or ${close}`)) {
      at++;
      open.pop();
      wanted = 'more';
    } else if (sign === '"') {
      const end = endOfString(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      wanted = wanted.startsWith('name') ? ':' : 'more';
    } else if (wanted.startsWith('name')) {
      return fault(text, at, 'a name in double quotes');
    } else if (sign === '{' || sign === '[') {
      at++;
      open.push(sign === '{' ? '}' : ']');
      wanted = sign === '{' ? 'name or }' : 'value or ]';
    } else {
      scalar.lastIndex = at;
      if (!scalar.test(text)) return fault(text, at, 'a value');
      at = scalar.lastIndex;
      wanted = 'more';
    }
  }
}

/** Where a string that begins here is over, or why it never is. */
function endOfString(text: string, begin: number): number | BrokenJson {
  for (let at = begin + 1; ; ) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    // The end of the text gives no code.
    if (!(code >= 0x20)) return fault(text, at, 'the double quote that ends the text');
    if (code === 0x5c) {
      escaped.lastIndex = at;
      if (!escaped.test(text)) return fault(text, at, 'a backslash only before "\\/bfnrt, or u and four digits');
      at = escaped.lastIndex;
    } else at++;
  }
}

function fault(text: string, at: number, expected: string): BrokenJson {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const point = text.codePointAt(at);
  const came = point === undefined ? 'the end of the text' : signOf(point);
  return new BrokenJson(
    line,
    at - before.lastIndexOf('\n'),
    `expected ${expected}, got ${came}${adviceOn(came, before)}`,
  );
}

function signOf(point: number): string {
  if (point === 0x0a || point === 0x0d) return 'the end of the line';
  const plain = (point > 0x20 && point < 0x7f) || (point > 0xa0 && point < 0x2000);
  return plain ? String.fromCodePoint(point) : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What people who write JSON by hand get wrong most often. */
function adviceOn(came: string, before: string): string {
  if ((came === ']' || came === '}') && /,\s*$/.test(before)) return ': take out the comma before it';
  if (came === "'") return ': texts stand in double quotes';
  if (came === '/' || came === '#') return ': JSON has no comments, take it out';
  if (came === 'U+FEFF') return ': save the file without a byte order mark';
  return '';
}
