const wide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uFF01-\uFF60]/u;
const hidden = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
const controls = /[\u0000-\u001F\u007F-\u009F]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with escape
const colours = /\u001B\[[0-9;]*m/g;

/** Text from outside, harmless for a terminal: control characters shown, not sent. */
export const plain = (text: string): string =>
  text.replaceAll(controls, (c) =>
    c === '\t' || c === '\n' ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Columns that a text takes on a terminal, colours not counted. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segments.segment(text.replaceAll(colours, ''))) {
    if (!hidden.test(segment)) width += wide.test(segment) ? 2 : 1;
  }
  return width;
}

/** The text in at most `width` columns, the end replaced by … if it must be. Only for text without colours. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** Colours for a terminal that shows them, and none for one that does not. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  band(text: string): string;
  info(text: string): string;
  warning(text: string): string;
  major(text: string): string;
  critical(text: string): string;
}

export function paint(colour: boolean): Paint {
  const sgr = (code: string) => (text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  return {
    bold: sgr('1'),
    dim: sgr('2'),
    band: sgr('36;2'),
    info: sgr('34'),
    warning: sgr('33'),
    major: sgr('31'),
    critical: sgr('1;35'),
  };
}
