// Columns and cells that several tables have.
import { h } from './dom.js';
import { count, date, lapTime } from './format.js';
import { address } from './state.js';

// `more`: kind (a class), down (sorted downwards at first).
export const column = (id, label, value, cell = value, more = {}) => ({ id, label, value, cell, ...more });
export const numbers = (id, label, value, cell = value, more = {}) => column(id, label, value, cell, { kind: 'number', ...more });

// The first three of several have a medal.
export function place(position, total) {
  const medal = total >= 2 && position >= 1 && position <= 3 ? ` medal-${position}` : '';
  return h('span', { class: `place${medal}` }, count(position));
}

// Lap time and gap of rows with `laptime`.
export function timeColumns(rows) {
  const times = new Map(rows.map((row) => [row, lapTime(row.laptime)]));
  return [
    numbers('lap', 'Lap time', (row) => times.get(row).seconds, (row) => times.get(row).lap),
    numbers('gap', 'Gap', (row) => times.get(row).gapSeconds, (row) => times.get(row).gap || '–'),
  ];
}

const day = ({ date_time: text }) => h('time', { datetime: text.slice(0, 10) }, date(text));
export const dateColumn = () => numbers('date', 'Date', (row) => row.date_time, day, { down: true });

export const driverLink = (key, id, name) => h('a', { href: address({ view: 'driver', driver: key, id }) }, name);
export const boardLink = (track, cls, mark, name) => h('a', { href: address({ view: 'board', track, class: cls, mark }) }, name);
