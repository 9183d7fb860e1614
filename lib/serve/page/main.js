// The map of the page: everything is started, then the models are asked for. Before it: index.html.
import { fetchModels, token } from './client.js';
import { startControls, startModels } from './controls.js';
import { announce, byId } from './dom.js';
import { startDownloads } from './downloads.js';
import { startList } from './instance-list.js';
import { startIntake } from './intake.js';
import { mostPictures, restart } from './pictures.js';
import { startStageInput } from './stage-input.js';
import { startStage } from './stage.js';
import { state, tell } from './state.js';
import { startStatus } from './status.js';
import { startStrip } from './strip.js';

startStage();
startStageInput();
startList();
startControls();
startModels();
startStrip();
startDownloads();
startStatus(askToken);
startIntake((left) => notice(`${left} pictures found no room: ${mostPictures} fit at once.`));
startToken();
tell('current');
tell('pictures');
void loadModels();

/** Until they are there: a server that still loads says so with 503. */
async function loadModels() {
  try {
    state.models = await fetchModels();
    state.model = state.models.some(({ name }) => name === state.model) ? state.model : (state.models[0]?.name ?? null);
    notice('');
    tell('models');
  } catch ({ problem }) {
    notice(problem?.detail ?? 'The models are not known.');
    byId('token-button').hidden = problem?.status !== 401 && !token.get();
    if (problem?.status === 401) return askToken();
    setTimeout(() => void loadModels(), 3000);
  }
}

function notice(text) {
  byId('notice').textContent = text;
  byId('notice').hidden = !text;
  if (text) announce(text);
}

function startToken() {
  byId('token-button').hidden = !token.get();
  byId('token-button').addEventListener('click', askToken);
  byId('token-dialog').addEventListener('close', () => {
    const dialog = byId('token-dialog');
    if (dialog.returnValue !== 'save') return;
    token.set(byId('token').value.trim());
    byId('token-button').hidden = false;
    void loadModels();
    restart(({ status, problem }) => status === 'failed' && problem?.status === 401);
  });
}

function askToken() {
  const dialog = byId('token-dialog');
  dialog.returnValue = '';
  byId('token').value = token.get();
  if (!dialog.open) dialog.showModal();
}
