// What is shown, as files: JSON lines, a COCO result file, a PNG. Before it: state. After it: the browser's downloads.
import { decodeWhole } from './bitmaps.js';
import { byId, element } from './dom.js';
import { paintMasks } from './mask-layer.js';
import { toCoco, toJson, visibleOf } from './results.js';
import { drawFindings, drawPicture } from './scene.js';
import { colourFor, on, shown, state } from './state.js';

const longestPng = 8192;

export function startDownloads() {
  byId('save-json').addEventListener('click', saveJson);
  byId('save-coco').addEventListener('click', saveCoco);
  byId('save-png').addEventListener('click', () => void savePng());
  on('current pictures', () => {
    byId('downloads-group').hidden = !state.current?.result;
    byId('all-field').hidden = state.pictures.filter(({ result }) => result).length < 2;
  });
}

/** The current picture, or all that have a result; `id` is the place in the row, from 1. */
function chosen() {
  const isAll = byId('all').checked && !byId('all-field').hidden;
  return state.pictures
    .map((picture, i) => ({ picture, id: i + 1 }))
    .filter(({ picture }) => picture.result && (isAll || picture === state.current));
}

const seenOf = ({ result }) => visibleOf(result.instances, state.threshold, state.hidden);
const nameOf = (pictures) => (pictures.length > 1 ? 'mimdet' : pictures[0].picture.name.replace(/\.[^.]*$/, ''));

function saveJson() {
  const pictures = chosen();
  const lines = pictures.map(({ picture }) =>
    JSON.stringify({ ...toJson(picture.result, seenOf(picture)), file: picture.name }),
  );
  const isOne = pictures.length === 1;
  save(
    `${lines.join('\n')}\n`,
    `${nameOf(pictures)}.${isOne ? 'json' : 'jsonl'}`,
    isOne ? 'application/json' : 'application/x-ndjson',
  );
}

function saveCoco() {
  const pictures = chosen();
  const entries = pictures.flatMap(({ picture, id }) => toCoco(seenOf(picture), id));
  save(JSON.stringify(entries), `${nameOf(pictures)}.coco.json`, 'application/json');
}

/** The current picture at its own size; small ones enlarged by a whole number, so that labels have room. */
async function savePng() {
  const { current } = state;
  const { width, height } = current.result;
  const base = await decodeWhole(current.file);
  const longest = Math.max(width, height);
  const scale = longest > longestPng ? longestPng / longest : Math.max(1, Math.min(4, Math.floor(1400 / longest)));
  const stage = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const density = Math.max(1, Math.round(Math.max(stage.width, stage.height) / 1600)); // lines and letters grow with the picture
  const canvas = Object.assign(document.createElement('canvas'), stage);
  const masks = paintMasks({ width, height }, shown(), colourFor, longestPng);
  const view = { scale: scale / density, x: 0, y: 0 };
  const inner = { width: stage.width / density, height: stage.height / density };
  const common = { picture: { width, height }, base, masks, highlight: null, focus: null };
  const scene = { ...common, instances: shown(), colourFor, layers: state.layers, view, stage: inner, density };
  drawPicture(canvas.getContext('2d'), scene);
  drawFindings(canvas.getContext('2d'), scene);
  base?.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob) save(blob, `${nameOf([{ picture: current }])}.detected.png`, 'image/png');
}

function save(content, name, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = element('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
