// Who is known by which names. A name that begins as the query does stands in one shard, which is smaller than the list of all
// names and says all that is shown of them too: so the first drivers come from there, all of them from the mirror.
import * as data from './data.js';
import { collapse, lower, peopleShardOf, peopleShardsOf, searchForm } from './fold.js';
import { NameIndex } from './search.js';

const MIRROR = '';
const indexes = new Map(); // MIRROR or the beginning of shards' names: {generation, promise, index (once it is made)}

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

// The shard where names that begin like this stand, after one letter all shards of that; null where they do not tell.
export function shardsOf(query) {
  const form = searchForm(query);
  const shard = peopleShardOf(form);
  return shard === '_' ? null : shard.slice(0, form.length);
}

const display = ({ name }) => lower(collapse(name.normalize('NFC')));

// What the mirror has of the people of these shards.
async function namesOf(shards) {
  const names = shards.length === 1 ? peopleShardsOf(shards) : [shards];
  const people = (await Promise.all(names.map(data.peopleShard))).flatMap(Object.entries);
  return [...new Set(people.flatMap(([key, some]) => [key, ...some.map(display)]))];
}

// The index of the names that begin so, by shardsOf; a promise.
export const beginningWith = (shards) => indexOf(shards, () => namesOf(shards));
