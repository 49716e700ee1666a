import assert from 'node:assert/strict';
import test from 'node:test';
import { collapse, keyOf, lower, peopleShardOf, peopleShardsOf, searchForm, secondKeyOf, shardOf, writtenOut } from '../../../exporter/site/fold.js';

test('keys are those of FORMATS', () => {
  const keys = {
    'Bob Dylan': 'bob dylan',
    'Ömer  Can': 'omer can',
    '  Jörg\u00a0\u2003 Müller ': 'jorg muller',
    'O\u0308mer': 'omer', // composed first
    'ÀÁÂÃÄÅÆàáâãäåæ': 'aaaaaaaaaaaaaa',
    'ÇçÐĎĐðďđ': 'ccdddddd',
    'ÝýŸÿŠšŤÞťþŽž': 'yyyyssttttzz',
    'ÒÓÔÕÖØŒòóôõöøœ': 'oooooooooooooo',
    'Wiśniewski': 'wiśniewski', // not in the table
    'ΟΔΟΣ': 'οδοσ', // no final sigma
    'İpek': 'ipek',
    'Иван': 'иван',
    'a\u0085b\ufeffc': 'a b\ufeffc', // White_Space is not \s
    '': '',
    ' ': '',
  };
  for (const [name, key] of Object.entries(keys)) assert.equal(keyOf(name), key, JSON.stringify(name));
});

test('a second key for Æ, Œ and Þ', () => {
  assert.equal(secondKeyOf('Ægir  Þór'), 'aegir thor');
  assert.equal(secondKeyOf('œUVRE é'), 'oeuvre e');
  assert.equal(secondKeyOf('Jörg'), null);
  assert.equal(secondKeyOf('\u01fc'), null); // Æ with an accent is another letter
});

test('shards', () => {
  assert.deepEqual(['adam', 'zoe', 'Ömer', 'иван', '[ger]', '1st', ''].map(shardOf), ['a', 'z', '_', '_', '_', '_', '_']);
});

test('people stand in shards by two letters', () => {
  const keys = ['jorg', 'jan', 'jb', 'jhn', 'ji', 'jn', 'jq', 'jr', 'jz', 'j', 'j x', 'jéan', '1st', ''];
  assert.deepEqual(keys.map(peopleShardOf), ['jo', 'ja', 'jb', 'jb', 'ji', 'ji', 'jo', 'jr', 'jr', 'jr', 'jr', 'jr', '_', '_']);
  assert.deepEqual(peopleShardsOf('j'), ['ja', 'jb', 'ji', 'jo', 'jr']);
});

test('a search knows no accents of any language', () => {
  assert.equal(searchForm('Wiśniewski ŁUKASZ'), 'wisniewski lukasz');
  assert.equal(searchForm('Straße'), 'strasse');
  assert.equal(searchForm('Ægir Þór Œuvre'), 'aegir thor oeuvre');
  assert.equal(searchForm('O’Neill'), searchForm("O'Neill"));
  assert.equal(searchForm('Ёлкин'), 'елкин');
  assert.equal(searchForm('Σωκράτης'), searchForm('ΣΩΚΡΆΤΗΣ'));
});

test('umlauts written out', () => {
  assert.equal(writtenOut('jörg müller'), 'joerg mueller');
  assert.equal(writtenOut('bob'), null);
});

test('white space and small letters', () => {
  assert.equal(collapse('\t a \u3000 b\n'), 'a b');
  assert.equal(lower('ÄB😀'), 'äb😀');
});
