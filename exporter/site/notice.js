// Failures in words, with a way to try again.
import { h } from './dom.js';
import { DataError } from './data.js';

export function notice(error, retry) {
  if (!(error instanceof DataError)) console.error(error);
  const words = error instanceof DataError ? error.message : 'The page has a fault. To load it anew may help.';
  return h('div', { class: 'notice', role: 'alert' }, h('p', null, words),
    retry && h('button', { type: 'button', onclick: retry }, 'Try again'));
}
