// The report's only script: values of a chart under the pointer or with the arrow keys, and tables that are sorted by a click.
// It runs in a browser, so it is kept as text. Without it the report shows all the same, but for these two.

export const pageScript = `
const make = (name, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  return node;
};
for (const figure of document.querySelectorAll('figure.chart')) {
  const data = JSON.parse(figure.dataset.chart);
  const svg = figure.querySelector('svg[role=img]');
  const cursor = figure.querySelector('.cursor');
  const output = figure.querySelector('output');
  const places = [...new Set(data.series.flatMap((series) => series.points.map((point) => point[0])))].sort((a, b) => a - b);
  let at = -1;
  const show = (index) => {
    at = Math.max(0, Math.min(places.length - 1, index));
    const x = places[at];
    const near = data.series.map((series) => ({
      series,
      point: series.points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best)),
    }));
    cursor.replaceChildren(make('path', { d: 'M' + x + ' ' + cursor.dataset.top + 'V' + cursor.dataset.bottom }));
    for (const { series, point } of near)
      cursor.append(make('circle', { class: 'dot s' + series.colour, cx: point[0], cy: point[1], r: 3.5 }));
    output.textContent =
      data.x + ' ' + near[0].point[2] + ': ' + near.map(({ series, point }) => series.name + ' ' + point[3]).join(', ');
  };
  const hide = () => {
    at = -1;
    cursor.replaceChildren();
    output.textContent = '';
  };
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    show(places.reduce((best, place, i) => (Math.abs(place - x) < Math.abs(places[best] - x) ? i : best), 0));
  });
  svg.addEventListener('pointerleave', hide);
  figure.addEventListener('blur', hide);
  figure.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at < 0 ? (step > 0 ? 0 : places.length - 1) : at + step);
  });
}
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const head = button.closest('th');
    const table = head.closest('table');
    const column = [...head.parentNode.children].indexOf(head);
    const order = head.getAttribute('aria-sort') === 'descending' ? 1 : -1;
    for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', order < 0 ? 'descending' : 'ascending');
    const key = (row) => row.children[column].dataset.value ?? row.children[column].textContent;
    const compare = (a, b) => (isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b));
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort((a, b) => order * compare(a, b)));
  });
}
`;
