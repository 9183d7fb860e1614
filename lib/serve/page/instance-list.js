// The list of what is shown, linked with the stage: what stands out there stands out here. Before it: state. After it: the same.
// Rows are made once for a result; a filter only hides them, so that a slider stays quick with many hundreds.
import { css } from './colours.js';
import { byId, element, swatch } from './dom.js';
import { keyDown } from './stage-input.js';
import { reveal } from './stage.js';
import { colourFor, focused, hover, on, shown, state, stepFocus, togglePin } from './state.js';

/** By instance: its row. */
let rows = new Map();
let marked = null;

export function startList() {
  const list = byId('instances');
  const instanceOf = (event) => state.current?.result?.instances[event.target.closest('li')?.dataset.index];
  list.addEventListener('pointermove', (event) => event.pointerType !== 'touch' && hover(instanceOf(event) ?? null));
  list.addEventListener('pointerleave', () => hover(null));
  list.addEventListener('click', (event) => {
    const instance = instanceOf(event);
    if (!instance) return;
    togglePin(instance);
    reveal(instance);
  });
  list.addEventListener('keydown', keyDown);
  list.addEventListener('focus', () => list.matches(':focus-visible') && !focused() && stepFocus(1));
  list.addEventListener('blur', () => hover(null));
  on('current', rebuild);
  on('current filter', hideRows);
  on('current filter focus', mark);
}

function rebuild() {
  const instances = state.current?.result?.instances ?? [];
  rows = new Map(instances.map((instance) => [instance, newRow(instance)]));
  marked = null;
  byId('instances').replaceChildren(...rows.values());
}

function newRow(instance) {
  const { index, name, score } = instance;
  const bar = element('span', { className: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', score);
  const row = element(
    'li',
    { id: `instance-${index}`, role: 'option', 'aria-selected': 'false' },
    swatch(css(colourFor(instance))),
    element('span', { className: 'name', textContent: name }),
    bar,
    element('span', { className: 'score', textContent: score.toFixed(3) }),
  );
  row.dataset.index = index;
  return row;
}

function hideRows() {
  const visible = new Set(shown());
  for (const [instance, row] of rows) row.hidden = !visible.has(instance);
  const total = rows.size;
  byId('count').textContent = total ? `${visible.size} of ${total}` : '';
  byId('nothing').hidden = !state.current?.result || visible.size > 0;
  byId('instances').hidden = visible.size === 0;
}

function mark() {
  const list = byId('instances');
  const row = rows.get(focused());
  marked?.classList.remove('focused');
  row?.classList.add('focused');
  for (const each of list.querySelectorAll('[aria-selected=true]')) each.setAttribute('aria-selected', 'false');
  rows.get(state.pinned)?.setAttribute('aria-selected', 'true');
  if (row) list.setAttribute('aria-activedescendant', row.id);
  else list.removeAttribute('aria-activedescendant');
  if (row && row !== marked && !list.matches(':hover')) scrollTo(list, row);
  marked = row ?? null;
  byId('detail').textContent = describe(focused());
}

/** Within the list alone: `scrollIntoView` would move the page of a phone as well. */
function scrollTo(list, row) {
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + row.offsetHeight > list.scrollTop + list.clientHeight)
    list.scrollTop = top + row.offsetHeight - list.clientHeight;
}

function describe(instance) {
  if (!instance) return 'Point at an instance, or move with the arrow keys; a click pins it.';
  const { name, score, box, ends, area } = instance;
  const [x1, y1, x2, y2] = box;
  const size = `${(x2 - x1).toFixed(1)} × ${(y2 - y1).toFixed(1)} px at (${x1.toFixed(1)}, ${y1.toFixed(1)})`;
  const pixels = ends ? `, mask ${area.toLocaleString()} px` : '';
  return `${state.pinned === instance ? 'Pinned: ' : ''}${name} ${score.toFixed(4)}, ${size}${pixels}`;
}
