// How names become keys, as the exporter does it, and how they become what a search compares.

const TABLE = {
  a: 'ÀÁÂÃÄÅÆàáâãäåæ', c: 'Çç', d: 'ÐĎĐðďđ', e: 'ÈÉÊËèéêë', i: 'ÌÍÎÏìíîï', n: 'Ññ', o: 'ÒÓÔÕÖØŒòóôõöøœ',
  u: 'ÙÚÛÜùúûü', y: 'ÝýŸÿ', s: 'Šš', t: 'ŤÞťþ', z: 'Žž',
};
const LETTERS = new Map(Object.entries(TABLE).flatMap(([to, letters]) => [...letters].map((letter) => [letter, to])));

// What no decomposition takes apart, as people without these keys type it.
const SEARCHED = new Map(Object.entries({
  'ł': 'l', 'ø': 'o', 'đ': 'd', 'ð': 'd', 'ħ': 'h', 'ı': 'i', 'ŧ': 't', 'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'þ': 'th', 'ς': 'σ',
  '’': "'", '‘': "'", '`': "'", '´': "'", 'ʼ': "'", '“': '"', '”': '"', '–': '-', '—': '-',
}));

// The property White_Space, which is not quite what \s means in JavaScript.
const WHITE_SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const ASCII_ONLY = /^[\x00-\x7f]*$/;

export const isAscii = (text) => ASCII_ONLY.test(text);

export const collapse = (text) => text.replace(WHITE_SPACE, ' ').replace(/^ | $/g, '');

// One code point to one code point. JavaScript's own does otherwise with two: a final sigma, and a dot beside the i.
export const lower = (text) => text.replace(/[İΣ]/g, (letter) => (letter === 'İ' ? 'i' : 'σ')).toLowerCase();

const IN_TABLE = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'g');
const foldedBy = (name, fold) => lower(collapse(name.normalize('NFC').replace(IN_TABLE, fold)));

// The key of a person by this name: index/entries and index/metadata are found by it.
export const keyOf = (name) => foldedBy(name, (letter) => LETTERS.get(letter));

// The same of what is in the mirror already: composed, collapsed and lower-cased.
export const keyOfMirrored = (text) => text.replace(IN_TABLE, (letter) => LETTERS.get(letter));

const TWO_LETTERS = new Map(Object.entries({ 'Æ': 'ae', 'æ': 'ae', 'Œ': 'oe', 'œ': 'oe', 'Þ': 'th', 'þ': 'th' }));

// The second key of those who have one; null for all others.
export function secondKeyOf(name) {
  if (!/[ÆæŒœÞþ]/.test(name.normalize('NFC'))) return null;
  return foldedBy(name, (letter) => TWO_LETTERS.get(letter) ?? LETTERS.get(letter));
}

// The shard that holds a key.
export function shardOf(key) {
  const first = key.charAt(0);
  return first >= 'a' && first <= 'z' ? first : '_';
}

const SECONDS = 'abior'; // index_files.c has the same

// The shards of people whose keys begin with this letter.
export const peopleShardsOf = (letter) => (letter === '_' ? ['_'] : Array.from(SECONDS, (second) => letter + second));

// The shard of people that holds a key: those of a letter go by the second one.
export function peopleShardOf(key) {
  const first = shardOf(key);
  if (first === '_') return first;
  const second = shardOf(key.charAt(1));
  return first + (second === '_' ? SECONDS.at(-1) : Array.from(SECONDS).findLast((one) => one <= second));
}

const IN_SEARCHED = new RegExp(`[${[...SEARCHED.keys()].join('')}]`, 'g');

// What a search compares: no accents of any language, no capitals.
export const searchForm = (text) => searchFormMirrored(lower(collapse(text)));

// The same of what is collapsed and lower-cased already.
export function searchFormMirrored(text) {
  const bare = isAscii(text) ? text : text.normalize('NFD').replace(/\p{M}+/gu, '');
  return bare.replace(IN_SEARCHED, (letter) => SEARCHED.get(letter));
}

const UMLAUTS = { 'ä': 'ae', 'ö': 'oe', 'ü': 'ue', 'å': 'aa', 'ø': 'oe' };

// The same with umlauts written out ("Joerg"); null where there are none.
export function writtenOut(text) {
  const lowered = lower(text.normalize('NFC'));
  if (!/[äöüåø]/.test(lowered)) return null;
  return searchForm(lowered.replace(/[äöüåø]/g, (letter) => UMLAUTS[letter]));
}
