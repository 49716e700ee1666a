import assert from 'node:assert/strict';
import test from 'node:test';
import { ago, capitals, count, date, lapTime, plural } from '../../../exporter/site/format.js';

test('lap times', () => {
  const of = (text) => { const { lap, gap } = lapTime(text); return [lap, gap]; };
  assert.deepEqual(of('1m 23.414s'), ['1:23.414', '']);
  assert.deepEqual(of('1m 24.947s, +01.533s'), ['1:24.947', '+1.533']);
  assert.deepEqual(of('58.120s'), ['58.120', '']);
  assert.deepEqual(of('0m 58.120s, +1m 02.100s'), ['58.120', '+1:02.100']);
  assert.deepEqual(of('1m 59.9999s'), ['2:00.000', '']);
  assert.deepEqual(of('no time'), ['no time', '']);
  assert.deepEqual(of(''), ['', '']);
  assert.deepEqual(of(undefined), ['', '']);
  assert.equal(lapTime('1m 23.414s').seconds.toFixed(3), '83.414');
  assert.equal(lapTime('1m 23.414s').gapSeconds, 0);
  assert.ok(Number.isNaN(lapTime('x').seconds));
});

test('dates', () => {
  assert.equal(date('2016-05-11T11:32:50'), '11 May 2016');
  assert.equal(date('05/11/2016 11:32:50'), '11 May 2016');
  for (const odd of ['soon', '', '2016']) assert.equal(date(odd), odd);
  assert.equal(date(undefined), '');
});

test('how long ago', () => {
  const now = Date.parse('2026-01-03T10:00:00Z');
  assert.equal(ago('2026-01-03T09:57:00Z', now), '3 minutes ago');
  assert.equal(ago('2026-01-03T09:59:50Z', now), 'just now');
  assert.equal(ago('2026-01-02T10:00:00Z', now), 'yesterday');
});

test('counts and capitals', () => {
  assert.equal(count(296000), '296,000');
  assert.equal(plural(1, 'entry', 'entries'), '1 entry');
  assert.equal(plural(1200, 'entry', 'entries'), '1,200 entries');
  assert.equal(capitals("jörg müller-o'neill [ger] élan"), "Jörg Müller-O'neill [Ger] Élan");
});
