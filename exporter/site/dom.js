// Elements in one expression.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// h('a', {href, onclick: …}, 'text', other, [more])
export const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
export const s = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

// Says something to those who cannot see the page change; only the last of many in a row.
let speaking = 0;
export function say(text) {
  clearTimeout(speaking);
  speaking = setTimeout(() => { document.getElementById('live').textContent = text; }, 400);
}
