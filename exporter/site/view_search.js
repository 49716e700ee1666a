// The start page, and the drivers found while somebody types.
import * as data from './data.js';
import { h, s } from './dom.js';
import { DriverList } from './driver_list.js';
import { count, plural } from './format.js';
import { all, allLoaded, beginningWith, shardsOf } from './names.js';
import { notice } from './notice.js';
import { address } from './state.js';

const ALL_AFTER_MS = 200; // after the first drivers, without another key
const MORE_AFTER_MS = 1000; // where the list is full already
const LETTER_AFTER_MS = 250; // without a second one, which tells which of its shards is wanted
const TOP = 10;

function fact(number, label) {
  return h('div', null, h('dt', null, label), h('dd', null, number === undefined ? '–' : count(number)));
}

function topList(top) {
  const most = Math.max(...top.map((one) => one.entry_count), 1);
  return h('ol', { class: 'top' }, top.map((one) => h('li', null,
    h('a', { href: address({ view: 'board', track: one.track_id, class: one.class_id }) },
      h('span', { class: 'name' }, one.track), h('span', { class: 'about' }, one.class_name),
      s('svg', { class: 'share', width: '100%', height: 8, 'aria-hidden': 'true' },
        s('rect', { class: 'all', width: '100%', height: 8, rx: 3 }),
        s('rect', { class: 'part', width: `${(100 * one.entry_count) / most}%`, height: 8, rx: 3 })),
      h('span', { class: 'entries' }, plural(one.entry_count, 'entry', 'entries'))))));
}

async function start(page) {
  const [top, status] = await Promise.allSettled([data.topCombinations(), page.status()]);
  const known = status.value ?? {};
  return h('div', { class: 'start' },
    h('header', null,
      h('h1', { tabindex: '-1' }, 'Every lap time of every RaceRoom driver'),
      h('p', { class: 'lead' }, 'Type a name, or a part of one, and see all results of that driver at once.')),
    h('dl', { class: 'facts' },
      fact(known.total_entries, 'Lap times'), fact(known.total_drivers, 'Drivers'), fact(known.track_count, 'Leaderboards')),
    h('section', null, h('h2', null, 'Largest leaderboards'),
      top.status === 'fulfilled' ? topList(top.value.results.slice(0, TOP)) : notice(top.reason, page.again),
      h('p', null, h('a', { href: address({ view: 'boards' }) }, 'All leaderboards'))));
}

export async function open(state, page) {
  const element = h('div', { class: 'view-search' });
  const results = new DriverList();
  let latest = 0;
  let later = 0;

  async function showStart(mine) {
    results.stop();
    const content = await start(page);
    if (mine === latest) element.replaceChildren(content);
  }

  function showResults(names, q, how) {
    if (!results.element.isConnected) element.replaceChildren(results.element);
    results.show(names, q, how);
  }

  async function showAll(mine, q) {
    try {
      const names = await all();
      if (mine === latest) showResults(names, q);
    } catch (error) {
      if (mine !== latest) return;
      if (!results.element.isConnected) element.replaceChildren(results.element);
      results.tell(error, page.again);
    }
  }

  // What fails here is said when all names are asked for, or when the drivers in view are.
  async function showFirst(mine, q, shards) {
    const names = await beginningWith(shards).catch(() => null);
    if (mine !== latest) return;
    if (!names || allLoaded()) return showAll(mine, q);
    showResults(names, q, { partly: true });
    showAllAfter(results.isFull ? MORE_AFTER_MS : ALL_AFTER_MS, mine, q);
  }

  function showAllAfter(ms, mine, q) {
    clearTimeout(later);
    later = setTimeout(() => showAll(mine, q), ms);
  }

  async function update({ q = '' }) {
    const mine = ++latest;
    clearTimeout(later);
    if (!q.trim()) return showStart(mine);
    const names = allLoaded();
    if (names) return showResults(names, q);
    if (!results.element.isConnected) element.replaceChildren(h('p', { class: 'hint' }, 'Looking for names…'));
    const shards = shardsOf(q);
    if (shards === null) return showAll(mine, q);
    if (shards.length > 1) return showFirst(mine, q, shards);
    return void setTimeout(() => mine === latest && showFirst(mine, q, shards), LETTER_AFTER_MS);
  }

  function close() {
    latest++;
    clearTimeout(later);
    results.stop();
  }

  await update(state);
  return { element, title: '', update, close };
}
