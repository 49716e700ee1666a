// One whole leaderboard, with a driver marked if the address names one.
import { boardRows } from './board_rows.js';
import { column, dateColumn, driverLink, numbers, place, timeColumns } from './cells.js';
import { Combinations } from './combinations.js';
import * as data from './data.js';
import { h } from './dom.js';
import { keyOf } from './fold.js';
import { count, lapTime, moment, plural } from './format.js';
import { address } from './state.js';
import { Table } from './table.js';

const driver = (row) => (row.name ? driverLink(keyOf(row.name), row.id, row.name) : h('em', null, 'no name'));

function columns(rows) {
  return [
    numbers('position', 'Position', (row) => row.position, (row) => place(row.position, rows.length)),
    column('driver', 'Driver', (row) => row.name, driver),
    column('country', 'Country', (row) => row.country),
    column('team', 'Team', (row) => row.team),
    ...timeColumns(rows),
    column('car', 'Car', (row) => row.car),
    column('model', 'Difficulty', (row) => row.model),
    dateColumn(),
  ];
}

const facets = [
  { id: 'car', label: 'Car', value: (row) => row.car },
  { id: 'model', label: 'Difficulty', value: (row) => row.model },
];

// Of a person with several rows the first one is marked.
const rowOf = (rows, mark) => (mark === undefined ? undefined : rows.find((row) => row.id === mark));

function standing(mine, rows) {
  const { gap } = lapTime(mine.laptime);
  const behind = gap ? `, ${gap} s behind the first` : '';
  return h('p', { class: 'mine' }, h('strong', null, mine.name), ` is ${count(mine.position)} of ${count(rows.length)}${behind}.`);
}

function heading(board, className, rows, mine) {
  return h('header', { class: 'who' },
    h('h1', { tabindex: '-1' }, board.track_name),
    h('p', { class: 'lead' }, `${className} · ${plural(rows.length, 'entry', 'entries')} · changed ${moment(board.cached_at)}`),
    mine && standing(mine, rows),
    h('p', null, h('a', { href: address({ view: 'boards', find: board.track_name }) }, 'Other classes on this track')));
}

function bringIntoView(row) {
  if (row && row.getBoundingClientRect().bottom > innerHeight) row.scrollIntoView({ block: 'center' });
}

export async function open(state, page) {
  const [board, combinations] = await Promise.all([data.board(state.track, state.class), data.allCombinations()]);
  const rows = boardRows(board.track_info?.Data);
  const className = new Combinations(combinations).class({ class_id: state.class });
  const mine = rowOf(rows, state.mark);
  const table = rows.length > 0 && new Table({
    name: 'board',
    caption: `Leaderboard of ${board.track_name}, ${className}`,
    noun: ['entry', 'entries'],
    rows,
    state,
    change: page.change,
    columns: columns(rows),
    facets,
    order: { sort: 'position', dir: 'up' },
    text: (row) => `${row.name} ${row.country} ${row.team} ${row.car}`,
    marked: mine && ((row) => row === mine),
  });
  const content = table ? table.element : h('p', { class: 'hint' }, 'Nobody has driven here yet.');
  return {
    element: h('article', null, heading(board, className, rows, mine), content),
    title: `${board.track_name}, ${className}`,
    shown: () => table && bringIntoView(table.markedRow),
  };
}
