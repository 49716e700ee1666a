// The picture of where a driver's places lie in the field.
import { h, s } from './dom.js';
import { count, plural } from './format.js';
import { BINS, PLACES } from './results.js';

const HEIGHT = 168;
const TOP = 20;
const BOTTOM = 26;
const GAP = 3;

// The same in words.
function description({ bins, count: all, median }) {
  const half = bins.slice(0, BINS / 2).reduce((sum, bin) => sum + bin, 0);
  return `Of ${plural(all, 'result')} with other drivers, ${count(bins[0])} lie in the first tenth of the field ` +
    `and ${count(half)} in the first half. The middle result has ${Math.round(100 * median)} % of the field ahead.`;
}

function bars({ bins }, width, choose) {
  const most = Math.max(...bins, 1);
  const step = width / BINS;
  return bins.map((number, bin) => {
    const height = number ? Math.max(2, ((HEIGHT - TOP - BOTTOM) * number) / most) : 0;
    const y = HEIGHT - BOTTOM - height;
    return s('g', { class: 'bar', onclick: () => number && choose(`${bin * 10}-${bin * 10 + 10}`) },
      s('title', null, `${PLACES.find(([name]) => name === `${bin * 10}-${bin * 10 + 10}`)[1]}: ${plural(number, 'result')}`),
      s('rect', { class: 'touch', x: bin * step, y: 0, width: step, height: HEIGHT - BOTTOM }),
      s('rect', { class: 'fill', x: bin * step + GAP / 2, y, width: step - GAP, height, rx: 2 }),
      number > 0 && s('text', { x: (bin + 0.5) * step, y: y - 6, 'text-anchor': 'middle' }, count(number)));
  });
}

function axis(width) {
  const y = HEIGHT - 8;
  return [
    s('line', { class: 'axis', x1: 0, x2: width, y1: HEIGHT - BOTTOM + 0.5, y2: HEIGHT - BOTTOM + 0.5 }),
    s('text', { class: 'end', x: 0, y }, '← first'),
    s('text', { class: 'end', x: width / 2, y, 'text-anchor': 'middle' }, 'middle of the field'),
    s('text', { class: 'end', x: width, y, 'text-anchor': 'end' }, 'last →'),
  ];
}

// `choose` gets the name of a place (results.js) when a bar is clicked; whoever has no mouse has the filter for that.
export function distributionChart(distribution, choose) {
  const words = description(distribution);
  const svg = s('svg', { role: 'img', 'aria-label': words, height: HEIGHT, width: '100%' });
  const draw = (width) => {
    const x = distribution.median * width;
    svg.replaceChildren(...bars(distribution, width, choose), ...axis(width),
      s('line', { class: 'median', x1: x, x2: x, y1: 4, y2: HEIGHT - BOTTOM }));
  };
  draw(600);
  new ResizeObserver(([entry]) => draw(Math.max(120, entry.contentRect.width))).observe(svg);
  return h('figure', { class: 'chart' },
    h('figcaption', null, h('h2', null, 'Where the results lie'), h('p', null, words)), svg);
}
