import assert from 'node:assert/strict';
import test from 'node:test';
import { member } from '../../../exporter/site/shard_text.js';

const HARD = {
  'a': [{ name: '"b":[1]' }],
  'b': [{ name: 'x}],' }, [[]], 2],
  'c"\\d': ['quoted'],
  'c': [{ 'a': ['inner'] }],
  '': ['nobody'],
  'é😀\u2028': [{ n: ']' }],
  'z': [],
};

test('every member is what parsing gives', () => {
  const text = JSON.stringify(HARD);
  for (const [key, value] of Object.entries(JSON.parse(text))) assert.deepEqual(member(text, key), value, key);
});

test('what is not there is empty', () => {
  const text = JSON.stringify(HARD);
  for (const key of ['x', 'inner', 'name', '"', 'A']) assert.deepEqual(member(text, key), []);
  assert.deepEqual(member('{}', 'a'), []);
});

test('a key inside of a string is none', () => {
  const text = JSON.stringify({ 'x': [',"y":[9],'], 'y': [1] });
  assert.deepEqual(member(text, 'y'), [1]);
  assert.deepEqual(member(JSON.stringify({ 'x': ['{"y":[9]'] }), 'y'), []);
});

test('half a text is an error', () => {
  assert.throws(() => member('{"a":[{"b":1', 'a'), SyntaxError);
});
