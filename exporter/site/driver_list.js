// The drivers found while somebody types.
import * as data from './data.js';
import { h, say } from './dom.js';
import { capitals, plural } from './format.js';
import { notice } from './notice.js';
import { pieces } from './search.js';
import { address } from './state.js';

const FIRST = 40; // drivers shown at once
const MORE = 200;
const PEOPLE_AFTER_MS = 80; // without another key
const HINT = 'A part of the name is enough; accents and capitals do not matter.';

const marked = (name, query) => pieces(name, query).map(([text, hit]) => (hit ? h('mark', null, text) : text));

const link = (key, id) => address({ view: 'driver', driver: key, id });

function about(person) {
  return [person.country, person.team, person.rank && `Rank ${person.rank}`].filter(Boolean).join(' · ') || 'No country or team known';
}

function personItem(key, person, query) {
  return h('li', null, h('a', { href: link(key, person.path_id) },
    h('span', { class: 'name' }, marked(person.name, query)), h('span', { class: 'about' }, about(person)),
    h('span', { class: 'entries' }, plural(person.entries, 'entry', 'entries'))));
}

// A driver of whom only the key is known yet; the link works all the same.
function nameItem({ keys, shown }, query) {
  return h('li', null, h('a', { href: link(keys[0]) },
    h('span', { class: 'name' }, marked(capitals(shown), query)),
    h('span', { class: 'about' }, ' '),
    h('span', { class: 'entries' }, ' ')));
}

const peopleBy = async (key) => (await data.peopleOf(key)).map((person) => ({ key, person }));

export class DriverList {
  constructor() {
    this.list = h('ol', { class: 'drivers' });
    this.heading = h('h1', { class: 'small', tabindex: '-1' }, 'Drivers');
    this.more = h('button', { type: 'button', class: 'more', onclick: () => this.#extend() }, 'Show more');
    this.trouble = h('div');
    this.element = h('section', { 'aria-label': 'Drivers found' }, this.heading, this.trouble, this.list, this.more);
    this.observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: '100px' });
    this.timers = [];
  }

  #extend() {
    const before = this.list.children.length;
    this.show(this.names, this.query, { limit: this.limit + MORE });
    this.list.children[before]?.querySelector('a').focus();
  }

  // `partly`: there may be more names. Of the same query as many are shown as before.
  show(names, query, { limit = query === this.query ? this.limit : FIRST, partly = false } = {}) {
    const found = names.search(query, limit);
    const focused = this.list.contains(document.activeElement) && document.activeElement.getAttribute('href');
    Object.assign(this, { names, query, limit, total: found.total });
    this.shown = new Set(); // people, so that those with two keys stand once
    this.stop();
    this.waiting = new Map(); // item: person of the mirror
    this.list.replaceChildren(...found.people.flatMap((person) => this.#items(person)));
    const number = plural(found.total, 'name');
    this.heading.textContent = partly ? `${number}, looking for more…` : found.total ? number : `Nobody is called “${query.trim()}”`;
    this.more.hidden = found.people.length >= found.total;
    this.trouble.replaceChildren(...(found.total || partly ? [] : [h('p', { class: 'hint' }, HINT)]));
    say(this.heading.textContent);
    if (focused) [...this.list.querySelectorAll('a')].find((one) => one.getAttribute('href') === focused)?.focus();
    for (const item of this.list.children) this.observer.observe(item);
  }

  // A name's people if they are loaded, or one item until they are.
  #items(person) {
    const loaded = person.keys.map((key) => data.peopleLoaded(key)?.map((one) => ({ key, person: one })));
    if (loaded.every((people) => people?.length)) {
      return this.#make(loaded.flat());
    }
    const item = nameItem(person, this.query);
    this.waiting.set(item, person);
    return [item];
  }

  #make(people) {
    return people.filter(({ person }) => this.#isNew(person)).map(({ key, person }) => personItem(key, person, this.query));
  }

  // As many as are shown at once.
  get isFull() {
    return this.total >= FIRST;
  }

  #isNew({ path_id, name }) {
    const who = `${path_id}\n${name}`;
    return !this.shown.has(who) && this.shown.add(who);
  }

  #seen(entries) {
    const items = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
    for (const item of items) this.observer.unobserve(item);
    const now = items.filter((item) => this.waiting.has(item));
    this.timers.push(setTimeout(() => this.#people(now), PEOPLE_AFTER_MS));
  }

  #people(items) {
    for (const item of items) {
      Promise.all(this.waiting.get(item).keys.map(peopleBy))
        .then((people) => this.#replace(item, people.flat()))
        .catch((error) => this.#failed(error));
    }
  }

  #replace(item, people) {
    if (!item.isConnected) return; // another list is shown now
    const made = this.#make(people);
    if (!made.length && people.length) return void item.remove();
    if (!made.length) return;
    const hadFocus = item.contains(document.activeElement);
    item.replaceWith(...made);
    if (hadFocus) made[0].querySelector('a').focus();
  }

  #failed(error) {
    this.tell(error, () => this.show(this.names, this.query, { limit: this.limit }));
  }

  tell(error, retry) {
    this.trouble.replaceChildren(notice(error, retry));
  }

  stop() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    this.observer.disconnect();
  }
}
