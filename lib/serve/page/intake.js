// Where pictures come in: dropped or pasted anywhere on the page, or chosen. Before it: the user. After it: pictures.
import { byId } from './dom.js';
import { addFiles } from './pictures.js';

/** Drop and paste anywhere on the page, and the buttons that choose. @param {(left: number) => void} tooMany */
export function startIntake(tooMany) {
  const take = (files) => {
    const left = files.length > 0 ? addFiles(files) : 0;
    if (left > 0) tooMany(left);
  };
  const input = byId('files');
  for (const id of ['choose', 'add']) byId(id).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    take([...input.files]);
    input.value = ''; // the same file may be chosen again
  });
  document.addEventListener('paste', ({ clipboardData }) => take([...(clipboardData?.files ?? [])]));
  startDrop(take);
}

function startDrop(take) {
  const veil = (isOn) => document.body.classList.toggle('dropping', isOn);
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    veil(true);
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => relatedTarget ?? veil(false));
  document.addEventListener('drop', (event) => {
    veil(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}
