// Drivers by what they have reached: over everything, in a class, or in a group of classes.
import { column, driverLink, numbers, place } from './cells.js';
import * as data from './data.js';
import { h, say } from './dom.js';
import { count, plural } from './format.js';
import { notice } from './notice.js';
import { Table } from './table.js';

const BY = [
  ['pole', 'Wins', 'First places on leaderboards with two drivers or more.'],
  ['podium', 'Podiums', 'First three places on leaderboards with four drivers or more.'],
  ['bested', 'Drivers beaten', 'Drivers behind, over all leaderboards.'],
  ['avg_bested', 'Field beaten', 'The average share of the other drivers that is behind. Whoever has few results is left out.'],
  ['entries', 'Leaderboards', 'Leaderboards driven on.'],
];

// The choices: {id, name, group, files}. Of everything the first 500 are enough, the whole list is large.
function scopesOf(index) {
  return [
    { id: 'overall', name: 'Everything', files: index.overall_top },
    ...index.superclasses.map(({ id, name, files }) => ({ id: `group-${id}`, name, group: 'Groups of classes', files })),
    ...index.classes.map(({ id, name, files }) => ({ id: `class-${id}`, name, group: 'Classes', files }))
      .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true })),
  ];
}

function scopeSelect(scopes) {
  return h('select', { name: 'scope' }, [...groupBy(scopes)].map(([group, some]) => {
    const options = some.map(({ id, name }) => h('option', { value: id }, name));
    return group ? h('optgroup', { label: group }, options) : options;
  }));
}

function groupBy(scopes) {
  const groups = new Map();
  for (const one of scopes) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

const metric = (id, label, value, text = (row) => count(value(row))) => numbers(id, label, value, text, { down: true });

// A name alone does not say which of several drivers it is: the view asks.
const driver = (row) => driverLink(row.driver_key, undefined, row.name || row.driver_key);

function columns(by) {
  return [
    numbers('position', 'Rank', (row) => row.place, (row) => place(row.place, Infinity)),
    column('driver', 'Driver', (row) => row.name, driver),
    column('country', 'Country', (row) => row.country),
    column('team', 'Team', (row) => row.team),
    metric('pole', 'Wins', (row) => row.pole_positions),
    metric('podium', 'Podiums', (row) => row.podiums),
    metric('bested', 'Beaten', (row) => row.bested_drivers),
    metric('avg_bested', 'Field beaten', (row) => row.avg_bested, (row) => `${row.avg_bested.toFixed(1)} %`),
    metric('entries', 'Boards', (row) => row.entries),
  ].map((one) => (one.id === by ? { ...one, kind: 'number chosen' } : one));
}

function tableOf(document, state, page) {
  const rows = document.results.map((row, at) => ({ ...row, place: at + 1 }));
  if (!rows.length) return h('p', { class: 'hint' }, 'Nobody is on this list yet.');
  return new Table({
    name: 'rankings',
    caption: `Ranking: ${document.scope_name}`,
    noun: ['driver', 'drivers'],
    rows,
    state,
    change: page.change,
    columns: columns(state.by),
    facets: [{ id: 'country', label: 'Country', value: (row) => row.country }],
    order: { sort: 'position', dir: 'up' },
    text: (row) => `${row.name} ${row.country} ${row.team}`,
  }).element;
}

function selects(scopes, state) {
  const scope = scopeSelect(scopes);
  const by = h('select', { name: 'by' }, BY.map(([value, label]) => h('option', { value }, label)));
  scope.value = scopes.some(({ id }) => id === state.scope) ? state.scope : 'overall';
  by.value = BY.some(([value]) => value === state.by) ? state.by : 'pole';
  return { scope, by };
}

export async function open(start, page) {
  const scopes = scopesOf(await data.statisticsIndex());
  const { scope, by } = selects(scopes, start);
  const about = h('p', { class: 'lead' });
  const list = h('div');
  let state = { ...start, scope: scope.value, by: by.value };
  let latest = 0;

  async function draw() {
    const mine = ++latest;
    about.textContent = BY.find(([value]) => value === state.by)[2];
    try {
      const document = await data.statistics(scopes.find(({ id }) => id === state.scope).files[`${state.by}_file`]);
      if (mine !== latest) return;
      list.replaceChildren(tableOf(document, state, page));
      say(plural(document.results.length, 'driver'));
    } catch (error) {
      if (mine === latest) list.replaceChildren(notice(error, draw));
    }
  }

  function choose() {
    state = { view: 'rankings', scope: scope.value, by: by.value };
    page.change({ find: '', country: '', sort: '', dir: '', page: '', ...state });
    draw();
  }

  scope.addEventListener('change', choose);
  by.addEventListener('change', choose);
  await draw();
  return {
    element: h('article', null,
      h('header', { class: 'who' }, h('h1', { tabindex: '-1' }, 'Rankings'), about),
      h('div', { class: 'filters' }, h('label', null, h('span', null, 'By'), by), h('label', null, h('span', null, 'Of'), scope)),
      list),
    title: 'Rankings',
  };
}
