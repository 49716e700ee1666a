import assert from 'node:assert/strict';
import test from 'node:test';
import { NameIndex, pieces } from '../../../exporter/site/search.js';

const MIRROR = ['[ger] jorg', 'aegir', 'agir', 'anna jorgensen', 'bjorg', 'bob dylan', 'hans jorg', 'jorg', 'jorg muller', 'omer can', 'wiśniewski',
  'ægir', 'jörg müller', 'ömer can', 'иван', 'björg'].sort();
const names = await NameIndex.of(MIRROR);
const keys = (query, limit = 99) => names.search(query, limit).people.map(({ keys: [key] }) => key);

test('accents matter on neither side', () => {
  assert.deepEqual(keys('jörg mü'), ['jorg muller']);
  assert.deepEqual(keys('jorg mu'), ['jorg muller']);
  assert.deepEqual(keys('JÖRG  MÜLLER'), ['jorg muller']);
  assert.deepEqual(keys('joerg muel'), ['jorg muller']);
  assert.deepEqual(keys('wisniewski'), ['wiśniewski']);
  assert.deepEqual(keys('ИВАН'), ['иван']);
});

test('the best come first: the name, its beginning, beginnings of words, parts', () => {
  assert.deepEqual(keys('jorg'), ['jorg', 'jorg muller', '[ger] jorg', 'anna jorgensen', 'hans jorg', 'bjorg']);
});

test('many names', async () => {
  const index = await NameIndex.of(Array.from({ length: 30000 }, (_, at) => `näme ${String(at).padStart(5, '0')}`));
  assert.equal(index.search('name 29999', 9).total, 1);
  assert.equal(index.search('name', 1).total, 30000);
});

test('words in any order', () => {
  assert.deepEqual(keys('dyl bob'), ['bob dylan']);
  assert.deepEqual(keys('bob xyz'), []);
});

test('each key once, with its name as it is written', () => {
  assert.equal(names.search('muller', 9).people[0].shown, 'jörg müller');
  assert.deepEqual(keys('agir'), ['agir']);
  assert.deepEqual(names.search('aegir', 9).people, [{ keys: ['agir', 'aegir'], shown: 'ægir' }]); // two keys, one driver
});

test('limits and nothing', async () => {
  const { total, people } = names.search('o', 3);
  assert.equal(people.length, 3);
  assert.ok(total > 3);
  for (const nothing of ['', '   ', '\u00a0']) assert.deepEqual(names.search(nothing, 9), { total: 0, people: [] });
  assert.deepEqual((await NameIndex.of([])).search('a', 9), { total: 0, people: [] });
});

test('a name of white space only has an empty key', async () => {
  assert.equal((await NameIndex.of(['', 'a'])).search('a', 9).total, 1);
});

test('what was found is marked in the name as it is written', () => {
  assert.deepEqual(pieces('Jörg Müller', 'jorg'), [['Jörg', true], [' Müller', false]]);
  assert.deepEqual(pieces('Hans Straße', 'ss'), [['Hans Stra', false], ['ß', true], ['e', false]]);
  assert.deepEqual(pieces('😀 Bob', 'bob'), [['😀 ', false], ['Bob', true]]);
  assert.deepEqual(pieces('Anna', 'xyz'), [['Anna', false]]);
  assert.deepEqual(pieces('', 'x'), []);
});
