// Sliders, classes, layers, zoom. Before it: the user. After it: state, and for the sample ratio and the model new requests.
import { colourOf, css } from './colours.js';
import { announce, byId, debounced, element, framed, swatch } from './dom.js';
import { remove, restart } from './pictures.js';
import { countClasses } from './results.js';
import { fit, zoom } from './stage.js';
import { on, shown, state, tell } from './state.js';

export function startControls() {
  startThreshold();
  startRatio();
  startLayers();
  byId('zoom-in').addEventListener('click', () => zoom(1.4));
  byId('zoom-out').addEventListener('click', () => zoom(1 / 1.4));
  byId('zoom-fit').addEventListener('click', fit);
  byId('remove').addEventListener('click', () => state.current && remove(state.current));
  byId('classes').addEventListener('change', ({ target }) => showClass(target.value, target.checked));
  byId('all-classes').addEventListener('click', () => showClasses(() => true));
  byId('no-classes').addEventListener('click', () => showClasses(() => false));
  on('current filter', framed(drawClasses));
}

function startThreshold() {
  const slider = byId('threshold');
  const apply = framed(() => tell('filter'));
  slider.addEventListener('input', () => {
    state.threshold = Number(slider.value);
    byId('threshold-value').textContent = state.threshold.toFixed(2);
    apply();
  });
  slider.addEventListener('change', () => state.current?.result && announce(`${shown().length} shown`));
}

function startRatio() {
  const slider = byId('ratio');
  const ask = debounced(400, () => restart());
  slider.addEventListener('input', () => {
    state.ratio = Number(slider.value) / 100;
    byId('ratio-value').textContent = `${slider.value} %`;
    ask();
  });
}

function startLayers() {
  for (const name of Object.keys(state.layers)) {
    const button = byId(`layer-${name}`);
    button.addEventListener('click', () => {
      state.layers[name] = !state.layers[name];
      button.setAttribute('aria-pressed', String(state.layers[name]));
      tell('layers');
    });
  }
}

function showClass(name, isShown) {
  if (isShown) state.hidden.delete(name);
  else state.hidden.add(name);
  tell('filter');
}

function showClasses(wanted) {
  for (const { name } of foundClasses())
    if (wanted(name)) state.hidden.delete(name);
    else state.hidden.add(name);
  tell('filter');
}

const foundClasses = () => countClasses(state.current?.result?.instances ?? [], state.threshold);

/** Rows stay where only the counts change, so that the keyboard's place stays. */
function drawClasses() {
  const classes = foundClasses();
  const list = byId('classes');
  byId('classes-group').hidden = classes.length < 2 && !classes.some(({ name }) => state.hidden.has(name));
  const key = JSON.stringify(classes.map(({ name }) => name));
  if (list.dataset.key !== key) list.replaceChildren(...classes.map(classRow));
  list.dataset.key = key;
  classes.forEach(({ name, count }, i) => {
    const row = list.children[i];
    row.querySelector('input').checked = !state.hidden.has(name);
    row.querySelector('.number').textContent = count;
  });
}

function classRow({ name, classId }) {
  const box = element('input', { type: 'checkbox', value: name });
  const label = element(
    'label',
    {},
    box,
    swatch(css(colourOf(classId))),
    element('span', { className: 'name', textContent: name }),
  );
  label.append(element('span', { className: 'number' }));
  return element('li', {}, label);
}

/** The models to choose from; one alone is only named. */
export function startModels() {
  const choice = byId('model');
  choice.addEventListener('change', () => {
    state.model = choice.value;
    state.hidden.clear();
    tell('models');
    restart();
  });
  on('models', () => {
    const several = state.models.length > 1;
    byId('model-field').hidden = !several;
    byId('model-name').textContent = several ? '' : (state.models[0]?.name ?? '');
    if (choice.options.length !== state.models.length)
      choice.replaceChildren(...state.models.map(({ name }) => element('option', { value: name, textContent: name })));
    if (state.model) choice.value = state.model;
  });
}
