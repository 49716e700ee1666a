// One driver: who it is, where the results lie, and all of them.
import { boardLink, column, dateColumn, numbers, place, timeColumns } from './cells.js';
import { distributionChart } from './chart.js';
import { Combinations } from './combinations.js';
import * as data from './data.js';
import { h } from './dom.js';
import { count, plural } from './format.js';
import { PLACES, binOf, distribution, summary } from './results.js';
import { address } from './state.js';
import { Table } from './table.js';

const tile = (label, value, title) => h('div', { title }, h('dt', null, label), h('dd', null, value));

function tiles(rows) {
  const { entries, wins, podiums, beaten, average } = summary(rows);
  return h('dl', { class: 'facts' },
    tile('Results', count(entries)),
    tile('Won', count(wins), 'First of two drivers or more'),
    tile('Podiums', count(podiums), 'First three of four drivers or more'),
    tile('Drivers beaten', count(beaten), 'Over all leaderboards'),
    tile('Field beaten', average === null ? '–' : `${average.toFixed(1)} %`, 'On average, where others drove too'));
}

const position = (row) => [place(row.position, row.total_entries), h('span', { class: 'of' }, ` of ${count(row.total_entries)}`)];

function columns(rows, names, id) {
  return [
    column('track', 'Track', (row) => names.track(row), (row) => boardLink(row.track_id, row.class_id, id, names.track(row))),
    column('class', 'Class', (row) => names.class(row)),
    column('model', 'Difficulty', (row) => row.difficulty),
    numbers('position', 'Position', (row) => row.position - row.total_entries / 1e7, position), // of equal places the larger field first
    ...timeColumns(rows),
    column('car', 'Car', (row) => row.car),
    dateColumn(),
  ];
}

function facets(names, rows) {
  const places = PLACES.filter(([, , test]) => rows.some(test));
  return [
    { id: 'class', label: 'Class', value: (row) => names.class(row) },
    { id: 'model', label: 'Difficulty', value: (row) => row.difficulty },
    { id: 'place', label: 'Position', tests: places },
  ];
}

// Several people under one name, and the address does not say which.
function choice(state, people, rows) {
  return h('section', null,
    h('h1', { tabindex: '-1' }, people[0].name),
    h('p', { class: 'lead' }, `${plural(people.length, 'driver')} share this name. Which one?`),
    h('ol', { class: 'drivers' }, people.map((person) => h('li', null,
      h('a', { href: address({ ...state, id: person.path_id }) },
        h('span', { class: 'name' }, person.name),
        h('span', { class: 'about' }, [person.country, person.team, `Number ${person.path_id}`].filter(Boolean).join(' · ')),
        h('span', { class: 'entries' }, plural(rows.filter((row) => row.path_id === person.path_id).length, 'entry', 'entries')))))));
}

function nobody(state) {
  return h('section', null,
    h('h1', { tabindex: '-1' }, 'This driver is not here'),
    h('p', { class: 'lead' }, 'Nobody with results has this name now. Drivers can change their names; look for another one: ',
      h('a', { href: address({ view: 'search', q: state.driver.split(' ')[0] }) }, `search for “${state.driver.split(' ')[0]}”`), '.'));
}

function whole(state, page, person, rows, names) {
  const table = new Table({
    name: 'driver',
    caption: `Results of ${person.name}`,
    noun: ['result', 'results'],
    rows,
    state,
    change: page.change,
    columns: columns(rows, names, person.path_id),
    facets: facets(names, rows),
    order: { sort: 'position', dir: 'up' },
    text: (row) => `${names.track(row)} ${names.class(row)} ${row.car}`,
  });
  const places = distribution(rows.filter((row) => binOf(row) !== null));
  return h('article', null,
    h('header', { class: 'who' },
      h('h1', { tabindex: '-1' }, person.name),
      h('p', { class: 'lead' }, [person.country, person.team, person.rank && `Rank ${person.rank}`].filter(Boolean).join(' · '))),
    tiles(rows),
    places.count > 0 && distributionChart(places, (place) => { table.choose('place', place); table.element.scrollIntoView(); }),
    table.element);
}

export async function open(state, page) {
  const wanted = [data.peopleOf(state.driver), data.resultsOf(state.driver), data.allCombinations()];
  const [people, results, combinations] = await Promise.all(wanted);
  const fitting = people.filter((one) => state.id === undefined || one.path_id === state.id);
  const person = state.id === undefined && people.length > 1 ? undefined : fitting[0];
  if (!person && people.length > 1 && state.id === undefined) return { element: choice(state, people, results), title: people[0].name };
  if (!person) return { element: nobody(state), title: 'Unknown driver' };
  const rows = results.filter((row) => row.path_id === person.path_id);
  return { element: whole(state, page, person, rows, new Combinations(combinations)), title: person.name };
}
