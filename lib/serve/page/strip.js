// The row of small pictures, each with how far it is. Before it: pictures. After it: select, remove.
import { drawSmall } from './bitmaps.js';
import { byId, element, framed } from './dom.js';
import { select, statusText } from './pictures.js';
import { on, state } from './state.js';

/** By picture: its entry. */
const entries = new Map();

export function startStrip() {
  on('pictures', framed(drawStrip));
}

function drawStrip() {
  const strip = byId('strip');
  strip.hidden = state.pictures.length < 2;
  for (const [picture, entry] of entries) {
    if (state.pictures.includes(picture)) continue;
    entry.remove();
    entries.delete(picture);
  }
  for (const picture of state.pictures) {
    if (!entries.has(picture)) strip.append(newEntry(picture));
    update(picture, entries.get(picture));
  }
}

function newEntry(picture) {
  const canvas = element('canvas', { width: 144, height: 108, 'aria-hidden': 'true' });
  const progress = element('progress', { max: 1, 'aria-hidden': 'true', tabIndex: -1 });
  const caption = element('span', { className: 'caption' });
  const button = element('button', { type: 'button' }, canvas, progress, caption);
  button.addEventListener('click', () => select(picture));
  const entry = element('li', {}, button);
  entries.set(picture, entry);
  void drawSmall(picture, canvas).then((isSeen) => entry.classList.toggle('blank', !isSeen));
  return entry;
}

function update(picture, entry) {
  const button = entry.firstChild;
  const [, progress, caption] = button.children;
  const text = statusText(picture);
  const isCurrent = picture === state.current;
  if (isCurrent && button.getAttribute('aria-current') !== 'true')
    entry.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  button.setAttribute('aria-current', String(isCurrent));
  button.setAttribute('aria-label', `${picture.name}: ${text}`);
  button.title = picture.name;
  caption.textContent =
    picture.status === 'done' ? String(picture.result.instances.length) : picture.status === 'failed' ? '!' : '';
  progress.hidden = picture.status === 'done' || picture.status === 'failed';
  if (picture.status === 'sending') progress.value = picture.progress;
  else progress.removeAttribute('value');
  entry.dataset.status = picture.status;
}
