// Elements by id, and new ones in one expression. Used by all that shows something. Text only, never HTML.

export const byId = (id) => document.getElementById(id);

/** @param {object} properties set on the element; names with a hyphen, and `role`, become attributes */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-') || key === 'role') node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}

export function swatch(colour) {
  const node = element('span', { className: 'swatch', 'aria-hidden': 'true' });
  node.style.backgroundColor = colour;
  return node;
}

/** Read aloud by screen readers, once it stays for a moment. */
export function announce(text) {
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => (byId('announcer').textContent = text), 250);
}

/** `work` once nobody has called for so many milliseconds. */
export function debounced(ms, work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}

/** `work` once before the next frame, however often it is asked for. */
export function framed(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
