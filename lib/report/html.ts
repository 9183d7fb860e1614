// HTML made of template literals: what is put in is escaped unless it is HTML already. Used by every part of the report.

/** A piece of HTML that may stand in a page as it is. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Content = Html | string | number | false | null | undefined | readonly Content[];

/** ``html`<b>${name}</b>` ``: texts and numbers are escaped, lists joined, `false`, `null` and `undefined` are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, part, i) => text + toText(values[i - 1]) + part));
}

/** Text that is known to be HTML: styles and scripts of our own. */
export const raw = (text: string): Html => new Html(text);

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => entities[letter]!);
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function toText(value: Content): string {
  if (value instanceof Html) return value.text;
  if (value === false || value == null) return '';
  if (Array.isArray(value)) return value.map(toText).join('');
  return escape(String(value));
}
