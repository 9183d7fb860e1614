// The report's style sheet: light and dark by the reader's choice, always light on paper.

const light = `
--page: #fff; --text: #1c2126; --quiet: #5b6670; --rule: #d9dee3; --raised: #f4f6f8; --heat: 33 108 178;
--s1: #1769b5; --s2: #c2520c; --s3: #1f8052; --s4: #8a3fb0; --s5: #7a6200; --s6: #0d7f8c; --s8: #b3261e;`;
const dark = `
--page: #14181c; --text: #e4e8ec; --quiet: #9aa6b1; --rule: #363e46; --raised: #1d2329; --heat: 84 160 230;
--s1: #5aa9f5; --s2: #f39152; --s3: #58c792; --s4: #cc92ea; --s5: #d6bd4a; --s6: #4cc3d1; --s8: #f2857d;`;

export const pageStyle = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 1200px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .25rem 0 .75rem; max-width: 75ch; }
.quiet, figcaption small { color: var(--quiet); }
nav { margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
a { color: var(--s1); }
:focus-visible { outline: 2px solid var(--s1); outline-offset: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .75rem; margin: 1.25rem 0 0; padding: 0; }
.tiles div { background: var(--raised); border-radius: 6px; padding: .6rem .8rem; }
.tiles dt { color: var(--quiet); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles .words dd { font-size: 1rem; }
.tiles dd small { display: block; font-size: .8rem; color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 1rem 1.25rem; }
figure { margin: 0; break-inside: avoid; }
figure.chart.wide { grid-column: span 2; }
@media (max-width: 760px) { figure.chart.wide { grid-column: auto; } .wide text { font-size: 20px; } }
figcaption { font-weight: 600; font-size: .9rem; display: flex; flex-wrap: wrap; gap: 0 1rem; }
.legend { font-weight: 400; display: inline-flex; flex-wrap: wrap; gap: 0 .9rem; color: var(--quiet); }
.legend span { display: inline-flex; align-items: center; gap: .35rem; }
.chart > svg { display: block; width: 100%; height: auto; }
.chart output { display: block; min-height: 1.4em; font-size: .82rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
text { font-size: 11.5px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); fill: none; }
.line { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; }
.band { fill: var(--c); opacity: .18; }
.dot { fill: var(--c); }
.cursor path { stroke: var(--quiet); stroke-dasharray: 3 3; }
.s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); } .s4 { --c: var(--s4); } .s5 { --c: var(--s5); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: bottom; }
th { font-weight: 600; }
th:first-child, td:first-child, .text { text-align: left; }
td:first-child, td.text { min-width: 7rem; max-width: 32rem; overflow-wrap: break-word; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
th[aria-sort=descending] button::after { content: " ↓"; } th[aria-sort=ascending] button::after { content: " ↑"; }
.matrix td { text-align: center; min-width: 3.2rem; border: 1px solid var(--page); background: rgb(var(--heat) / calc(var(--share) * .75)); }
.matrix td.zero { color: var(--quiet); }
.matrix thead th { text-align: center; }
.matrix.many thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 11rem; overflow: hidden;
  white-space: nowrap; text-overflow: ellipsis; }
.bar { display: flex; height: 26px; border-radius: 4px; overflow: hidden; margin: .5rem 0; }
.bar span { background: var(--c); border-right: 1px solid var(--page); }
.swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; background: var(--c); margin-right: .5rem; }
.s6 { --c: var(--s6); } .s7 { --c: var(--rule); } .s8 { --c: var(--s8); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(520px, 100%), 1fr)); gap: 1.25rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; margin-top: .25rem; }
.pair svg { width: 100%; height: auto; max-height: 480px; background: var(--raised); display: block; }
.shape { fill-opacity: .12; stroke-width: 1.6; vector-effect: non-scaling-stroke; fill: #2f8fff; stroke: #2f8fff; }
.shape.wrong { fill: #ff7a00; stroke: #ff7a00; stroke-dasharray: 5 2.5; }
.shape.crowd { fill: none; stroke: #aaa; }
.shape:hover { fill-opacity: .45; }
.key { display: inline-block; width: 1.6rem; border-top: 3px solid #2f8fff; vertical-align: middle; margin-right: .4rem; }
.key.wrong { border-top: 3px dashed #ff7a00; }
pre { background: var(--raised); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto; font-size: .82rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; }
  nav, .chart output { display: none; }
  .tiles div, pre, .matrix td, .bar span, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, .pictures figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
`;
