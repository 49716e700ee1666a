// Loads the published files, each once until the site publishes anew. Failures are DataError, with words for people.
import { peopleShardOf, shardOf } from './fold.js';
import { member } from './shard_text.js';

const CACHE = new URL('../cache/', import.meta.url);
const KEPT_UNITS = 60e6; // of text; the largest shards have some 15 million

export class DataError extends Error {
  constructor(message, { missing = false } = {}) {
    super(message);
    this.missing = missing;
  }
}

const loading = new Map(); // path: promise of its content
const ready = new Map(); // path: content, least lately used first
let sizes = new Map();
let publications = 0; // told of

async function request(path) {
  let answer;
  try {
    answer = await fetch(new URL(path, CACHE));
  } catch {
    throw new DataError('The server does not answer. Are you connected to the network?');
  }
  if (answer.status === 404) throw new DataError(`The file ${path} is not there.`, { missing: true });
  if (!answer.ok) throw new DataError(`The server answers with an error (${answer.status}).`);
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch {
    throw new DataError('The connection broke while the data came in.');
  }
}

async function unpack(path, bytes) {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b; // a server may have told the browser to unpack it
  if (!isGzip) return new TextDecoder().decode(bytes);
  if (!('DecompressionStream' in globalThis)) {
    throw new DataError('This browser is too old to unpack the data. It needs Chrome 104, Firefox 113, Safari 16.4, or later.');
  }
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  } catch {
    throw new DataError(`The file ${path} came in damaged.`);
  }
}

function keep(path, content, units) {
  ready.set(path, content);
  sizes.set(path, units);
  let sum = 0;
  for (const one of sizes.values()) sum += one;
  for (const old of [...ready.keys()]) {
    if (sum <= KEPT_UNITS || old === path) break;
    sum -= sizes.get(old);
    ready.delete(old);
    sizes.delete(old);
  }
}

function parsed(path, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError(`The file ${path} is not what it should be.`);
  }
}

async function loadNow(path, asText) {
  const text = await unpack(path, await request(path));
  return { content: asText ? text : parsed(path, text), units: text.length };
}

function load(path, asText = false) {
  if (ready.has(path)) {
    const content = ready.get(path);
    ready.delete(path); // to the end: used latest
    ready.set(path, content);
    return Promise.resolve(content);
  }
  if (!loading.has(path)) {
    const promise = loadNow(path, asText).then(({ content, units }) => {
      if (loading.get(path) === promise) keep(path, content, units);
      return content;
    }).finally(() => loading.get(path) === promise && loading.delete(path));
    loading.set(path, promise);
  }
  return loading.get(path);
}

const memberOf = (path, text, key) => {
  try {
    return member(text, key);
  } catch {
    throw new DataError(`The file ${path} is not what it should be.`);
  }
};

const peoplePath = (shard) => `index/people/${shard}.json.gz`;

const fromShard = async (path, key) => memberOf(path, await load(path, true), key);

// The people who share a key: [{name, path_id, country, team, rank, entries}, …].
export const peopleOf = (key) => fromShard(peoplePath(peopleShardOf(key)), key);

// The same at once, or undefined where the shard is not loaded.
export const peopleLoaded = (key) => {
  const path = peoplePath(peopleShardOf(key));
  const text = ready.get(path);
  return text === undefined ? undefined : memberOf(path, text, key);
};

// Their results: [{path_id, position, laptime, car, car_class, difficulty, track_id, class_id, date_time, total_entries}, …].
export const resultsOf = (key) => fromShard(`index/entries/${shardOf(key)}.json.gz`, key);

// A whole shard of people: {key: people, …}.
export const peopleShard = async (shard) => parsed(peoplePath(shard), await load(peoplePath(shard), true));

export const mirror = () => load('index/mirror.json.gz');

// Changes when forget is called.
export const generation = () => publications;

export const topCombinations = () => load('top_combinations.json.gz');
export const allCombinations = () => load('all_combinations.json.gz');
export const board = (track, cls) => load(`tracks/track_${Number(track)}/class_${Number(cls)}.json.gz`);
export const statisticsIndex = () => load('stats/index.json');

// A file that stats/index.json names; its paths begin with cache/.
export const statistics = (path) => load(path.replace(/^cache\//, ''));

// Always asked for anew.
export async function status() {
  const path = 'status.json';
  return parsed(path, await unpack(path, await request(path)));
}

// Everything is loaded anew from now on.
export function forget() {
  publications++;
  loading.clear();
  ready.clear();
  sizes = new Map();
}
