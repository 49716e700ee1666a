import assert from 'node:assert/strict';
import test from 'node:test';
import { address, parse, sameThing } from '../../../exporter/site/state.js';

test('an address holds the state', () => {
  for (const state of [
    { view: 'search', q: 'jörg & co = ?' },
    { view: 'driver', driver: 'o\'neill "x" \\ 😀', id: '71', find: 'spa', class: 'GTR 3', sort: 'lap', dir: 'down', page: '2', place: '0-10' },
    { view: 'driver', driver: '' },
    { view: 'board', track: '1671', class: '1703', mark: '71' },
    { view: 'boards', find: 'brno' },
    { view: 'status' },
    { view: 'search' },
  ]) assert.deepEqual(parse(address(state).replace(/^\.\//, '')), state);
});

test('the start page has the plain address', () => {
  assert.equal(address({ view: 'search' }), './');
  assert.equal(address({ view: 'search', q: '' }), './');
});

test('what makes no sense is the start page, and nothing endless is taken', () => {
  for (const wrong of ['?view=nothing', '?track=1', '?track=a&class=2', '?track=../x&class=1', '?view=__proto__']) assert.equal(parse(wrong).view, 'search');
  assert.equal(parse(`?q=${'x'.repeat(501)}`).q, undefined);
});

test('sorting makes nothing else of it', () => {
  const driver = { view: 'driver', driver: 'a', id: '1' };
  assert.ok(sameThing(driver, { ...driver, sort: 'lap', class: 'GTR 3' }));
  assert.ok(!sameThing(driver, { ...driver, id: '2' }));
  assert.ok(!sameThing({ view: 'board', track: '1', class: '2' }, { view: 'board', track: '1', class: '3' }));
});
