// All leaderboards that have entries, the largest first.
import { boardLink, column, numbers } from './cells.js';
import * as data from './data.js';
import { h } from './dom.js';
import { count, plural } from './format.js';
import { Table } from './table.js';

const columns = [
  column('track', 'Track', (row) => row.track, (row) => boardLink(row.track_id, row.class_id, undefined, row.track)),
  column('class', 'Class', (row) => row.class_name),
  numbers('entries', 'Entries', (row) => row.entry_count, (row) => count(row.entry_count), { down: true }),
];

export async function open(state, page) {
  const { results } = await data.allCombinations();
  const rows = results.filter((row) => row.entry_count > 0);
  const table = new Table({
    name: 'boards',
    caption: 'Leaderboards',
    noun: ['leaderboard', 'leaderboards'],
    rows,
    state,
    change: page.change,
    columns,
    facets: [{ id: 'class', label: 'Class', value: (row) => row.class_name }],
    order: { sort: 'entries', dir: 'down' },
    text: (row) => `${row.track} ${row.class_name}`,
  });
  const tracks = plural(new Set(rows.map((row) => row.track_id)).size, 'track');
  const about = `${plural(rows.length, 'pair')} of a track and a class that somebody has driven, on ${tracks}.`;
  return {
    element: h('article', null,
      h('header', { class: 'who' }, h('h1', { tabindex: '-1' }, 'Leaderboards'), h('p', { class: 'lead' }, about)),
      table.element),
    title: 'Leaderboards',
  };
}
