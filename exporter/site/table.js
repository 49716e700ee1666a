// A table that sorts, filters and pages its rows and keeps how in the address. On narrow screens each row is a card
// (style.css), so the roles are said outright: a browser forgets those of a table that is laid out otherwise.
import { h, say } from './dom.js';
import { searchForm } from './fold.js';
import { count, plural } from './format.js';
import { choices, found, pageOf, sorted } from './rows.js';

const PAGE_ROWS = 100;

// options: name (a class for the style), caption, columns (cells.js), rows, facets [{id, label, value | tests}], text (row → what
// the filter looks at), noun [one, many], order {sort, dir}, state, change (state's changes → address), marked (row → bool, of
// at most one row).
export class Table {
  constructor(options) {
    this.o = options;
    this.state = { ...options.state };
    this.forms = new Map(); // of rows, what the filter compares
    this.body = h('tbody', { role: 'rowgroup' });
    this.about = h('p', { class: 'about-rows' });
    this.pager = h('nav', { class: 'pager', 'aria-label': 'Pages' });
    this.heads = new Map(options.columns.map((column) => [column.id, this.#head(column)]));
    this.sorter = this.#sorter();
    this.reset = h('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, 'Clear filters');
    this.element = h('section', { class: `rows rows-${options.name}`, 'aria-label': options.caption },
      h('div', { class: 'filters' }, this.#finder(), this.#facets(), this.sorter.label, this.reset),
      this.about,
      h('table', { role: 'table' },
        h('caption', { class: 'unseen' }, options.caption),
        h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, [...this.heads.values()])),
        this.body),
      this.pager);
    if (options.marked && !this.state.page) this.state.page = String(this.#pageOfMarked());
    this.draw();
  }

  get order() {
    const known = this.o.columns.some((column) => column.id === this.state.sort);
    const sort = known ? this.state.sort : this.o.order.sort;
    const natural = sort === this.o.order.sort ? this.o.order.dir : this.o.columns.find(({ id }) => id === sort).down ? 'down' : 'up';
    return { sort, dir: ['up', 'down'].includes(this.state.dir) ? this.state.dir : natural };
  }

  set(changes) {
    Object.assign(this.state, changes);
    this.draw();
    this.o.change(this.state);
  }

  filter(changes) {
    this.set({ ...changes, page: '' });
    say(plural(this.shown.length, ...this.o.noun));
  }

  clear() {
    this.find.value = '';
    for (const choice of this.selects) choice.value = '';
    this.filter(Object.fromEntries([['find', ''], ...this.o.facets.map(({ id }) => [id, ''])]));
    this.find.focus();
  }

  // Sets one filter from outside, as if it had been chosen.
  choose(id, value) {
    const select = this.selects.find((one) => one.name === id);
    select.value = value;
    this.filter({ [id]: select.value });
  }

  #finder() {
    const oninput = () => this.filter({ find: this.find.value });
    this.find = h('input', { type: 'search', name: 'find', autocomplete: 'off', spellcheck: 'false', oninput });
    this.find.value = this.state.find ?? '';
    return h('label', { class: 'find' }, h('span', null, 'Filter'), this.find);
  }

  #facets() {
    this.selects = [];
    return this.o.facets.map(({ id, label, value, tests }) => {
      const options = tests
        ? tests.map(([name, text]) => h('option', { value: name }, text))
        : choices(this.o.rows, value).map(([text, number]) => h('option', { value: text }, `${text} (${count(number)})`));
      const onchange = () => this.filter({ [id]: select.value });
      const select = h('select', { name: id, onchange }, h('option', { value: '' }, 'All'), options);
      select.value = this.state[id] ?? '';
      if (select.value !== (this.state[id] ?? '')) this.state[id] = select.value = '';
      this.selects.push(select);
      return h('label', null, h('span', null, label), select);
    });
  }

  #head(column) {
    return h('th', { scope: 'col', role: 'columnheader', class: `c-${column.id} ${column.kind ?? ''}` },
      h('button', { type: 'button', onclick: () => this.#sortBy(column) }, column.label,
        h('span', { class: 'arrow', 'aria-hidden': 'true' })));
  }

  #sortBy(column) {
    const now = this.order;
    const dir = now.sort === column.id ? (now.dir === 'up' ? 'down' : 'up') : column.down ? 'down' : 'up';
    this.set({ sort: column.id, dir, page: '' });
    say(`Sorted by ${column.label}, ${dir === 'up' ? 'ascending' : 'descending'}`);
  }

  // The heads in another form, for narrow screens.
  #sorter() {
    const onchange = () => {
      const [sort, dir] = select.value.split(' ');
      this.set({ sort, dir, page: '' });
    };
    const both = ({ id, label }) => [h('option', { value: `${id} up` }, `${label} ↑`), h('option', { value: `${id} down` }, `${label} ↓`)];
    const select = h('select', { onchange }, this.o.columns.flatMap(both));
    return { select, label: h('label', { class: 'sorter' }, h('span', null, 'Sort by'), select) };
  }

  #formOf(row) {
    if (!this.forms.has(row)) this.forms.set(row, searchForm(this.o.text(row)));
    return this.forms.get(row);
  }

  #ordered() {
    const { sort, dir } = this.order;
    let rows = found(this.o.rows, (row) => this.#formOf(row), this.state.find ?? '');
    for (const { id, value, tests } of this.o.facets) {
      if (!this.state[id]) continue;
      const test = tests?.find(([name]) => name === this.state[id])?.[2];
      rows = rows.filter(test ?? ((row) => value(row) === this.state[id]));
    }
    return sorted(rows, this.o.columns.find(({ id }) => id === sort).value, dir === 'down');
  }

  #pageOfMarked() {
    const place = this.#ordered().findIndex(this.o.marked);
    return place < 0 ? 1 : Math.floor(place / PAGE_ROWS) + 1;
  }

  draw() {
    const { sort, dir } = this.order;
    this.shown = this.#ordered();
    const page = pageOf(this.shown, Number(this.state.page || 1), PAGE_ROWS);
    for (const [id, head] of this.heads) {
      if (id === sort) head.setAttribute('aria-sort', dir === 'up' ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    }
    this.sorter.select.value = `${sort} ${dir}`;
    this.reset.hidden = !this.state.find && !this.o.facets.some(({ id }) => this.state[id]);
    this.body.replaceChildren(...page.rows.map((row) => this.#row(row)));
    this.#say(page);
    this.#drawPager(page);
  }

  #say(page) {
    const all = this.o.rows.length;
    const some = this.shown.length;
    const those = some === all ? plural(all, ...this.o.noun) : `${count(some)} of ${plural(all, ...this.o.noun)}`;
    this.about.textContent = !some && all ? `None of the ${plural(all, ...this.o.noun)} fits these filters.`
      : page.pages > 1 ? `${those}, rows ${count(page.first + 1)} to ${count(page.first + page.rows.length)} shown` : those;
  }

  #row(row) {
    const marked = this.o.marked?.(row) ?? false;
    return h('tr', { role: 'row', class: marked && 'marked', 'aria-current': marked && 'true' },
      this.o.columns.map(({ id, cell, kind }) => h('td', { role: 'cell', class: `c-${id} ${kind ?? ''}` }, cell(row))));
  }

  #drawPager({ page, pages }) {
    this.pager.hidden = pages === 1;
    const go = (to) => {
      this.set({ page: String(to) });
      this.element.scrollIntoView();
      this.pager.querySelector('button:not([disabled])')?.focus({ preventScroll: true });
    };
    const isOff = (to) => to < 1 || to > pages || to === page;
    const button = (label, to) => h('button', { type: 'button', disabled: isOff(to), onclick: () => go(to) }, label);
    this.pager.replaceChildren(button('First', 1), button('Previous', page - 1),
      h('span', null, `Page ${count(page)} of ${count(pages)}`), button('Next', page + 1), button('Last', pages));
  }

  // Where the marked row is shown, if it is.
  get markedRow() {
    return this.body.querySelector('.marked');
  }
}
