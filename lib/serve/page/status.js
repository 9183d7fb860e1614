// What is going on with the current picture: progress and problems on the stage, times and the model's card beside it.
// Before it: state. After it: the user.
import { announce, byId, element, framed } from './dom.js';
import { restart, statusText } from './pictures.js';
import { on, shown, state } from './state.js';

/** @param {() => void} askToken shows the field for a token */
export function startStatus(askToken) {
  byId('again').addEventListener('click', () => restart((picture) => picture.status === 'failed'));
  byId('give-token').addEventListener('click', askToken);
  on('pictures current', framed(drawStatus));
  on('current', drawTimes);
  on('models', drawCard);
}

let announced = '';

function drawStatus() {
  const picture = state.current;
  document.body.classList.toggle('empty', !picture);
  byId('stage').setAttribute('aria-label', picture ? `${picture.name}, ${statusText(picture)}` : 'No picture yet');
  byId('file-name').textContent = picture?.name ?? '';
  drawProgress(picture);
  drawProblem(picture?.status === 'failed' ? picture.problem : null);
  byId('cannot-show').hidden = !(picture?.cannotShow && picture.result);
  const news = picture && `${picture.id} ${picture.status} ${picture.roundTripMs}`;
  if (picture?.status === 'done' && news !== announced)
    announce(`${picture.name}: ${shown().length} instances shown, best first`);
  announced = news ?? '';
}

function drawProgress(picture) {
  const isUnderWay = Boolean(picture) && !['done', 'failed'].includes(picture.status);
  const bar = byId('progress-bar');
  byId('progress').hidden = !isUnderWay;
  byId('stage').setAttribute('aria-busy', String(isUnderWay));
  if (!isUnderWay) return;
  byId('progress-text').textContent = statusText(picture);
  if (picture.status === 'sending') bar.value = picture.progress;
  else bar.removeAttribute('value');
}

function drawProblem(problem) {
  const box = byId('problem');
  if (box.hidden === !problem && box.dataset.detail === problem?.detail) return; // an alert is read whenever it is written
  box.hidden = !problem;
  if (!problem) return;
  box.dataset.detail = problem.detail ?? '';
  byId('problem-title').textContent = problem.title ?? 'Error';
  byId('problem-detail').textContent = problem.detail ?? '';
  byId('problem-code').textContent = [problem.status, problem.code].filter(Boolean).join(' · ');
  byId('give-token').hidden = problem.status !== 401;
}

/** Bars of one length: where the time of the call went. */
function drawTimes() {
  const { result, roundTripMs } = state.current ?? {};
  const times = result ? timesOf(result.ms, roundTripMs) : [];
  byId('times-group').hidden = times.length === 0;
  const most = Math.max(1, ...times.map(([, ms]) => ms));
  const rows = times.flatMap(([name, ms]) => {
    const bar = element('span', { className: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', ms / most);
    const value = element('dd', {}, bar, element('span', { textContent: duration(ms) }));
    return [element('dt', { textContent: name }), value];
  });
  byId('times').replaceChildren(...rows);
}

function timesOf({ decode = 0, queue, model = 0, total = 0 }, roundTripMs) {
  const rest = queue ?? Math.max(0, total - decode - model);
  const queueName = queue === undefined ? 'Queue and rest' : 'Queue';
  return [
    ['Decode', decode],
    [queueName, rest],
    ['Model', model],
    ['Total', total],
    ['With the network', Math.max(roundTripMs, total)],
  ];
}

const duration = (ms) =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

function drawCard() {
  const model = state.models.find(({ name }) => name === state.model) ?? state.models[0];
  byId('card-group').hidden = !model;
  if (!model) return;
  const { name, preset, parameters, classes = [], minSize, maxSize, device, precision, card = {} } = model;
  const facts = {
    Name: name,
    Preset: preset,
    Parameters: parameters && `${(parameters / 1e6).toFixed(1)} million`,
    Classes: classes.length > 12 ? `${classes.length}: ${classes.slice(0, 12).join(', ')}, …` : classes.join(', '),
    'Resized to': minSize && `${minSize} px, at most ${maxSize}`,
    'Runs on': [device, precision].filter(Boolean).join(', '),
  };
  const rows = [...Object.entries(facts), ...Object.entries(card).map(([key, value]) => [words(key), textOf(value)])];
  const shownRows = rows.filter(([, value]) => value);
  byId('card').replaceChildren(
    ...shownRows.flatMap(([key, value]) => [element('dt', { textContent: key }), element('dd', { textContent: value })]),
  );
}

const words = (key) =>
  key.charAt(0).toUpperCase() +
  key
    .slice(1)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();

function textOf(value) {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key} ${typeof each === 'number' ? Number(each.toPrecision(4)) : textOf(each)}`)
    .join(', ');
}
