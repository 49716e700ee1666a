// Who is known by which names. A name that begins as the query does stands in one shard, which is smaller than the list of all
// names and says country and team too: so the first drivers come from there, all of them from the mirror.
import * as data from './data.js';
import { collapse, lower, searchForm, shardOf } from './fold.js';
import { NameIndex } from './search.js';

const MIRROR = '';
const indexes = new Map(); // MIRROR or a letter: {generation, promise, index (once it is made)}

function indexOf(which, list) {
  const known = indexes.get(which);
  if (known?.generation === data.generation()) return known.promise;
  const about = { generation: data.generation(), index: null };
  about.promise = list().then((names) => NameIndex.of(names)).then((index) => { about.index = index; return index; });
  about.promise.catch(() => indexes.get(which) === about && indexes.delete(which));
  indexes.set(which, about);
  return about.promise;
}

// The index of all names; a promise.
export const all = () => indexOf(MIRROR, data.mirror);

// The same at once, or null while it is not there.
export function allLoaded() {
  const about = indexes.get(MIRROR);
  return about?.generation === data.generation() ? about.index : null;
}

// The letter of the shard where names that begin like this stand, or null where one shard does not tell.
export function letterOf(query) {
  const letter = shardOf(searchForm(query));
  return letter === '_' ? null : letter;
}

const display = ({ name }) => lower(collapse(name.normalize('NFC')));

// What the mirror has of the people of one shard.
async function namesOf(letter) {
  const people = Object.entries(await data.peopleShard(letter));
  return [...new Set(people.flatMap(([key, some]) => [key, ...some.map(display)]))];
}

// The index of the names that begin with a letter; a promise.
export const beginningWith = (letter) => indexOf(letter, () => namesOf(letter));
