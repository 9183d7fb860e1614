// Letters for labels: a small font of our own, because a bare machine has no fonts and text drawn with none is empty boxes.
// Each letter is a row of base-32 digits, one a line from the top; a digit's five bits are pixels, 16 the leftmost.
// Seven lines stand on the baseline; g, j, p, q, y and the comma hang below it.
export const glyphWidth = 5;
export const glyphHeight = 9;

const printable: Record<string, string> = {
  ' ': '0000000', '!': '4444404', '"': 'aaa0000', '#': 'aavavaa', $: '4fke5u4', '%': 'op248j3', '&': 'cik8lid', "'": '4480000',
  '(': '2488842', ')': '8422248', '*': '04lel40', '+': '044v440', ',': '00000c48', '-': '000v000', '.': '00000cc', '/': '01248g0',
  0: 'ehjlphe', 1: '4c4444e', 2: 'eh1248v', 3: 'v2421he', 4: '26aiv22', 5: 'vgu11he', 6: '68guhhe', 7: 'v124888',
  8: 'ehhehhe', 9: 'ehhf12c', ':': '0cc0cc0', ';': '0cc0c48', '<': '248g842', '=': '00v0v00', '>': '8421248', '?': 'eh12404',
  '@': 'eh1dlle', A: 'ehhvhhh', B: 'uhhuhhu', C: 'ehggghe', D: 'uhhhhhu', E: 'vgguggv', F: 'vgguggg', G: 'ehgnhhf',
  H: 'hhhvhhh', I: 'e44444e', J: '72222ic', K: 'hikokih', L: 'ggggggv', M: 'hrllhhh', N: 'hhpljhh', O: 'ehhhhhe',
  P: 'uhhuggg', Q: 'ehhhlid', R: 'uhhukih', S: 'fgge11u', T: 'v444444', U: 'hhhhhhe', V: 'hhhhha4', W: 'hhhllla',
  X: 'hha4ahh', Y: 'hhha444', Z: 'v1248gv', '[': 'e88888e', '\\': '0g84210', ']': 'e22222e', '^': '4ah0000', _: '000000v',
  '`': '8420000', a: '00e1fhf', b: 'ggmphhu', c: '00egghe', d: '11djhhf', e: '00ehvge', f: '698s888', g: '00fhhhf1e',
  h: 'ggmphhh', i: '40c444e', j: '2062222ic', k: 'ggikoki', l: 'c44444e', m: '00qllhh', n: '00mphhh', o: '00ehhhe',
  p: '00uhhhugg', q: '00fhhhf11', r: '00mpggg', s: '00fge1u', t: '88s8896', u: '00hhhjd', v: '00hhha4', w: '00hhlla',
  x: '00ha4ah', y: '00hhhhf1e', z: '00v248v', '{': '2448442', '|': '4444444', '}': '8442448', '~': '008l200',
};

const toRows = (digits: string) => Array.from(digits, (digit) => parseInt(digit, 32));
const glyphs = new Map(Object.entries(printable).map(([letter, digits]) => [letter, toRows(digits)]));

/** Rows of five bits, 16 the leftmost pixel. A letter that the font lacks is drawn as a question mark. */
export function glyph(letter: string): readonly number[] {
  return glyphs.get(letter) ?? glyphs.get('?')!;
}

const spelled: Record<string, string> = {
  ß: 'ss', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', đ: 'd', '–': '-', '—': '-', '…': '...',
};

/** A text in letters that the font has: accents are dropped; `otherwise` where it is in another script. */
export function drawable(text: string, otherwise: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, (letter) => spelled[letter] ?? '?');
  return /[^?\s]/.test(plain) ? plain : otherwise;
}
