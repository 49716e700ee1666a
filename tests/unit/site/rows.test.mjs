import assert from 'node:assert/strict';
import test from 'node:test';
import { searchForm } from '../../../exporter/site/fold.js';
import { choices, found, pageOf, sorted } from '../../../exporter/site/rows.js';

const values = (rows, of, down) => sorted(rows.map((v) => ({ v })), (row) => row.v, down).map((row) => row.v);

test('sorting', () => {
  assert.deepEqual(values([10, 9, NaN, 2]), [2, 9, 10, NaN]);
  assert.deepEqual(values([10, 9, NaN, 2], null, true), [10, 9, 2, NaN]);
  assert.deepEqual(values(['Zolder', '', 'Ärö', 'anna', 'GT 10', 'GT 2']), ['anna', 'Ärö', 'GT 2', 'GT 10', 'Zolder', '']);
});

test('equal rows keep their order both ways', () => {
  const rows = [{ v: 1, n: 0 }, { v: 1, n: 1 }, { v: 0, n: 2 }];
  assert.deepEqual(sorted(rows, (row) => row.v, false).map((row) => row.n), [2, 0, 1]);
  assert.deepEqual(sorted(rows, (row) => row.v, true).map((row) => row.n), [0, 1, 2]);
});

test('filtering', () => {
  const rows = ['Spa Francorchamps GTR 3', 'Nürburgring GTR 3', 'Zolder'];
  assert.deepEqual(found(rows, searchForm, 'GTR nurb'), ['Nürburgring GTR 3']);
  assert.deepEqual(found(rows, searchForm, '  '), rows);
  assert.deepEqual(found(rows, searchForm, 'x'), []);
});

test('pages', () => {
  const rows = Array.from({ length: 250 }, (_, at) => at);
  assert.deepEqual(pageOf(rows, 3, 100), { rows: rows.slice(200), page: 3, pages: 3, first: 200 });
  for (const [asked, given] of [[0, 1], [-5, 1], [99, 3], [NaN, 1], [1.5, 1]]) assert.equal(pageOf(rows, asked, 100).page, given);
  assert.deepEqual(pageOf([], 1, 100), { rows: [], page: 1, pages: 1, first: 0 });
});

test('choices', () => {
  assert.deepEqual(choices(['b', 'a', 'b', ''], (row) => row), [['a', 1], ['b', 2]]);
});
