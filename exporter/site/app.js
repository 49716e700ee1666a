// Ties address, search field and views together.
import * as data from './data.js';
import { h, say } from './dom.js';
import { ago, plural } from './format.js';
import { notice } from './notice.js';
import { address, parse, sameThing } from './state.js';
import * as searchView from './view_search.js';

// What the first result does not need comes when it is asked for.
const VIEWS = {
  search: async () => searchView,
  driver: () => import('./view_driver.js'),
  board: () => import('./view_board.js'),
  boards: () => import('./view_boards.js'),
  rankings: () => import('./view_rankings.js'),
  status: () => import('./view_status.js'),
};
const NAME = document.title;
const BUSY_AFTER_MS = 150;
const LOOK_AGAIN_MS = 60_000;
const ADDRESS_AFTER_MS = 250; // browsers refuse addresses that change with every key

const main = document.getElementById('main');
const field = document.getElementById('q');
const freshness = document.getElementById('freshness');
const news = document.getElementById('news');

let state = parse(location.search);
let current = null; // the view that is shown
let turn = 0; // of showing; a later one makes an earlier one void
let published = null; // last_index_update of what is shown
let known = null; // promise of status.json

function status({ anew = false } = {}) {
  if (anew || !known) {
    known = data.status();
    known.then(showFreshness).catch(() => { known = null; });
  }
  return known;
}

function showFreshness({ total_entries: entries, last_index_update: update }) {
  freshness.textContent = update ? `${plural(entries, 'lap time')}, published ${ago(update, Date.now())}` : 'Nothing is published yet';
  if (published !== null && update !== published) news.hidden = false;
  else published = update;
}

function showNews() {
  news.hidden = true;
  published = null;
  data.forget();
  known = null;
  show({});
}

// ---- showing ----

const page = { change, status, again: () => show({}) };

function busy(on) {
  main.toggleAttribute('aria-busy', on);
  document.body.classList.toggle('busy', on);
}

function put(view, { focus, scroll }) {
  current?.close?.();
  current = view;
  main.replaceChildren(view.element);
  document.title = view.title ? `${view.title} – ${NAME}` : NAME;
  if (focus) main.querySelector('h1')?.focus({ preventScroll: true });
  scrollTo(0, scroll ?? 0);
  if (scroll === undefined) view.shown?.();
}

async function show({ focus = false, scroll }) {
  const mine = ++turn;
  const timer = setTimeout(() => mine === turn && busy(true), BUSY_AFTER_MS);
  markNavigation();
  let view;
  try {
    const module = await VIEWS[state.view]().catch(() => {
      throw new data.DataError('A part of the page did not come. Are you connected to the network?');
    });
    view = await module.open(state, page);
  } catch (error) {
    view = { element: notice(error, page.again), title: 'Trouble' };
  }
  clearTimeout(timer);
  if (mine !== turn) return void view.close?.();
  busy(false);
  view.state = state;
  put(view, { focus, scroll });
}

function markNavigation() {
  for (const link of document.querySelectorAll('nav.main a')) {
    const here = parse(new URL(link.href).search).view === state.view;
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

// ---- the address ----

// Sorting, filtering and paging change the address in place: back leads to what was shown before.
let writing = 0;
function change(changes) {
  state = { ...state, ...changes };
  clearTimeout(writing);
  writing = setTimeout(write, ADDRESS_AFTER_MS);
}

function write() {
  clearTimeout(writing);
  writing = 0;
  history.replaceState({ ...history.state, scroll: scrollY }, '', address(state));
}

function go(to, { focus = true } = {}) {
  write();
  state = to;
  history.pushState(null, '', address(state));
  if (state.view !== 'search') field.value = '';
  return show({ focus });
}

addEventListener('popstate', (event) => {
  clearTimeout(writing);
  const before = state;
  state = parse(location.search);
  field.value = state.q ?? '';
  if (current?.update && before.view === 'search' && state.view === 'search') return void current.update(state);
  show({ focus: !sameThing(before, state), scroll: event.state?.scroll ?? 0 });
});

addEventListener('pagehide', write);

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (link.target || url.origin !== location.origin || url.pathname !== location.pathname || url.hash) return;
  event.preventDefault();
  go(parse(url.search));
  if (state.view === 'search') field.value = state.q ?? '';
});

// ---- the search field ----

function typed() {
  const q = field.value;
  if (state.view !== 'search') return void (q.trim() && go({ view: 'search', q }, { focus: false }));
  change({ q });
  if (current?.update) current.update(state);
  else show({});
}

field.addEventListener('input', typed);

const items = () => [...main.querySelectorAll('.drivers a')];

field.form.addEventListener('submit', (event) => {
  event.preventDefault();
  items()[0]?.click();
});

function move(event) {
  const links = items();
  const at = links.indexOf(document.activeElement);
  if (document.activeElement !== field && at < 0) return;
  const to = event.key === 'ArrowDown' ? at + 1 : at - 1;
  event.preventDefault();
  if (to < 0) field.focus();
  else links[Math.min(to, links.length - 1)]?.focus();
}

const isField = (element) => ['INPUT', 'SELECT', 'TEXTAREA'].includes(element.tagName);

document.addEventListener('keydown', (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move(event);
  else if (event.key === '/' && !isField(document.activeElement)) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === 'Escape' && items().includes(document.activeElement)) field.focus();
});

// ---- beginning ----

news.querySelector('button').addEventListener('click', showNews);
const lookAgain = () => document.hidden || status({ anew: true }).catch(() => {});
setInterval(lookAgain, LOOK_AGAIN_MS);
document.addEventListener('visibilitychange', lookAgain);
history.scrollRestoration = 'manual';
field.value = state.q ?? field.value;
if (state.view === 'search' && field.value && !state.q) state.q = field.value; // typed before this ran
status().catch(() => {});
if (address(state) === './' && matchMedia('(hover: hover)').matches) field.focus({ preventScroll: true });
show({ scroll: history.state?.scroll });
