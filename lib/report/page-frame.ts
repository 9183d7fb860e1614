// A page in one file that needs no other: style, content, the script of charts. Used by report.html and the plot of `mimdet bench`.
import { html, raw, type Content } from './html.js';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';

/** The policy forbids everything that is not in the file, whatever a class or a file is called. */
export function frame(title: string, content: Content[]): string {
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  return `<!doctype html>
${
  html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title><style>${raw(pageStyle)}</style></head>
<body><main>${content}</main><script>${raw(pageScript)}</script></body></html>`.text
}
`;
}
