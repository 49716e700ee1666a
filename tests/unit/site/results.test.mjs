import assert from 'node:assert/strict';
import test from 'node:test';
import { boardRows } from '../../../exporter/site/board_rows.js';
import { Combinations } from '../../../exporter/site/combinations.js';
import { PLACES, binOf, distribution, shareAhead, summary } from '../../../exporter/site/results.js';

const row = (position, total_entries) => ({ position, total_entries });

test('counts as the statistics of FORMATS do', () => {
  const { average, ...rest } = summary([row(1, 2), row(1, 1), row(3, 4), row(3, 3), row(5, 3)]);
  assert.deepEqual(rest, { entries: 5, wins: 1, podiums: 1, beaten: 2 });
  assert.equal(average.toFixed(2), '33.33'); // 0 for a place behind the last
  assert.equal(summary([row(1, 1)]).average, null);
});

test('shares and bins', () => {
  assert.equal(shareAhead(row(1, 1)), null);
  assert.deepEqual([row(1, 2), row(2, 2), row(6, 11), row(9, 3)].map(binOf), [0, 9, 5, 9]);
});

test('the distribution and its middle', () => {
  const { bins, count, median } = distribution([row(1, 11), row(2, 11), row(11, 11), row(1, 1)]);
  assert.deepEqual(bins, [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(count, 3);
  assert.equal(median, 0.1);
  assert.equal(distribution([]).median, null);
  assert.equal(distribution([row(1, 3), row(3, 3)]).median, 0.5);
});

test('every result with a field is in exactly one tenth', () => {
  const tenths = PLACES.slice(2);
  for (let position = 1; position <= 57; position++) assert.equal(tenths.filter(([, , test]) => test(row(position, 57))).length, 1);
});

test('rows of a leaderboard, whatever the service sends', () => {
  const rows = boardRows([
    { global_index: 1, driver: { name: 'Bob', path: 'https://x/users/info/71/' }, country: { name: 'Germany' }, car_class: { car: { name: 'Audi' } },
      laptime: '1m 46.000s', team: { name: 'Team X' }, rank: 'A', driving_model: 'Get Real', date_time: '2026-01-03T10:00:00' },
    { index: 1, driver: { name: 'Ömer  CAN' }, country: null, laptime: 7 },
    null, 'text', { driver: 'Eve', rank: { name: 'B' } },
  ]);
  assert.deepEqual(rows.map(({ position }) => position), [1, 2, 3, 4, 5]);
  assert.deepEqual(rows.map(({ id }) => id), ['71', 'ömer  can', '', '', 'eve']);
  assert.deepEqual(rows[0], { position: 1, name: 'Bob', id: '71', country: 'Germany', team: 'Team X', rank: 'A', car: 'Audi', model: 'Get Real', laptime: '1m 46.000s', date_time: '2026-01-03T10:00:00' });
  assert.equal(rows[4].rank, 'B');
  assert.deepEqual([boardRows(undefined), boardRows({})], [[], []]);
});

test('names of tracks and classes', () => {
  const names = new Combinations({ results: [{ track: 'Monza', track_id: '1', class_id: '2', class_name: 'GTR 3', entry_count: 1 }] });
  assert.equal(names.track({ track_id: '1' }), 'Monza');
  assert.equal(names.track({ track_id: '9' }), 'Track 9');
  assert.equal(names.class({ class_id: '2', car_class: 'GT3' }), 'GTR 3');
  assert.equal(names.class({ class_id: '9', car_class: 'DTM' }), 'DTM');
  assert.equal(names.class({ class_id: '9' }), 'Class 9');
});
