// Requests to the server. Before it: pictures, main. After it: the wire. Addresses are relative, so that a proxy may serve the
// page anywhere. What goes wrong rejects with an Error whose `problem` is the server's problem document, or one of ours.

const tokenKey = 'mimdet-token';

export const token = {
  get: () => sessionStorage.getItem(tokenKey) ?? '',
  set: (text) => (text ? sessionStorage.setItem(tokenKey, text) : sessionStorage.removeItem(tokenKey)),
};

/** The models of the server, the default one first. */
export async function fetchModels(signal) {
  const answer = await send({ method: 'GET', path: 'v1/models', signal });
  const models = answer?.models ?? [];
  return [...models].sort((a, b) => Number(b.default ?? false) - Number(a.default ?? false));
}

/** Low, so that the threshold can be moved without asking again. */
export const lowestThreshold = 0.05;

/**
 * @param {Blob} file
 * @param {{ model: string | null, ratio: number, signal: AbortSignal, onProgress(share: number): void }} options
 */
export function detect(file, { model, ratio, signal, onProgress }) {
  const query = new URLSearchParams({ scoreThreshold: String(lowestThreshold) });
  if (ratio < 1) query.set('sampleRatio', String(ratio));
  if (model) query.set('model', model);
  const body = new FormData();
  body.append('image', file, file.name || 'picture');
  return send({ method: 'POST', path: `v1/detect?${query}`, body, signal, onProgress });
}

/** XMLHttpRequest, for `fetch` does not tell how much has been sent. */
function send({ method, path, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, new URL(path, document.baseURI));
    request.setRequestHeader('accept', 'application/json');
    if (token.get()) request.setRequestHeader('authorization', `Bearer ${token.get()}`);
    if (onProgress) request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const answer = parse(request.responseText);
      if (request.status < 400 && answer !== undefined) resolve(answer);
      else reject(problemError(problemOf(request, answer), Number(request.getResponseHeader('retry-after')) || 0));
    };
    request.onerror = () =>
      reject(problemError({ title: 'No answer', detail: 'The server cannot be reached.', status: 0 }));
    request.onabort = () => reject(signal.reason);
    signal?.addEventListener('abort', () => request.abort());
    if (signal?.aborted) return reject(signal.reason);
    request.send(body);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A problem document, or what can be said without one (a proxy's error page). */
function problemOf({ status, statusText }, answer) {
  if (status < 400) return { title: 'Not understood', detail: 'The answer is no JSON.', status };
  if (answer?.title || answer?.detail) return answer;
  return { title: statusText || 'Error', detail: `The server answered with status ${status}.`, status };
}

function problemError(problem, retryAfter = 0) {
  return Object.assign(new Error(problem.detail ?? problem.title), { problem, retryAfter });
}
