// How old the data is, and what could not be fetched.
import { boardLink } from './cells.js';
import { h } from './dom.js';
import { ago, count, moment, plural } from './format.js';

const time = (text) => (text ? [h('time', { datetime: text }, moment(text)), ` (${ago(text, Date.now())})`] : 'never');
const line = (label, ...value) => h('div', null, h('dt', null, label), h('dd', null, value));

function failures(list) {
  return h('section', null, h('h2', null, 'Could not be fetched'),
    h('p', null, 'What was known of these leaderboards before is still shown. They are tried again.'),
    h('ul', { class: 'failures' }, list.map((one) => h('li', null,
      boardLink(one.track_id, one.class_id, undefined, `${one.track_name || `Track ${one.track_id}`}, class ${one.class_id}`),
      ` — ${one.error}, ${moment(one.timestamp)}`))));
}

export async function open(state, page) {
  const status = await page.status({ anew: true });
  const number = (value) => (Number.isFinite(value) ? count(value) : 'unknown');
  const failed = status.failed_fetches ?? [];
  return {
    element: h('article', null,
      h('header', { class: 'who' }, h('h1', { tabindex: '-1' }, 'Status'),
        h('p', { class: 'lead' }, status.fetch_in_progress ? 'Leaderboards are being fetched now.' : 'Nothing is being fetched now.')),
      h('dl', { class: 'lines' },
        line('What you see was published', time(status.last_index_update)),
        line('All leaderboards were fetched last', time(status.last_scrape_end)),
        line('Lap times', number(status.total_entries)),
        line('Drivers', number(status.total_drivers)),
        line('Teams', number(status.total_teams)),
        line('Tracks', number(status.total_unique_tracks)),
        line('Leaderboards with entries', number(status.track_count)),
        line('Leaderboards looked at', number(status.total_fetched_combinations)),
        line('Fetches that failed', number(status.failed_fetch_count))),
      failed.length > 0 && failures(failed),
      failed.length > 0 && h('p', null, plural(failed.length, 'failure'))),
    title: 'Status',
  };
}
