// What a person sees on a terminal: colours where they are wanted, aligned columns, and no control characters out of file names.

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
const codes: Record<Colour, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export type Paint = (colour: Colour, text: string) => string;

/** Colours for one stream: none off a terminal, with NO_COLOR, or on a dumb one. */
export function paintFor(stream: { isTTY?: boolean }): Paint {
  const plain = !stream.isTTY || Boolean(process.env['NO_COLOR']) || process.env['TERM'] === 'dumb';
  return (colour, text) => (plain ? text : `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m`);
}

/** A name as it may be printed: a file name can hold escape sequences, which a terminal would obey. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A list of names on one line: the first twelve, and how many there are. */
export function shorten(names: readonly string[]): string {
  const shown = names.slice(0, 12).map(printable).join(', ');
  return names.length > 12 ? `${shown}, … (${names.length})` : shown || 'none';
}

export interface Column {
  title: string;
  right?: boolean;
}

/** Rows under their titles, columns as wide as their widest cell and two blanks apart. Titles are painted after aligning. */
export function table(columns: Column[], rows: string[][], paint: Paint, indent = ''): string {
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, i) => [titles, ...rows].reduce((most, row) => Math.max(most, (row[i] ?? '').length), 0));
  const line = (row: string[]) =>
    columns
      .map((column, i) => (column.right ? (row[i] ?? '').padStart(widths[i] ?? 0) : (row[i] ?? '').padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [paint('dim', line(titles)), ...rows.map(line)].map((text) => `${indent}${text}\n`).join('');
}

/** Names and values in two columns, for things that have one of each. */
export function pairs(entries: [name: string, value: string][], paint: Paint, indent = ''): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${indent}${paint('dim', name.padEnd(width))}  ${value}\n`).join('');
}
