// Finds names in the mirror, the list of all keys and display names.
import { collapse, isAscii, keyOfMirrored, searchForm, searchFormMirrored, secondKeyOf, writtenOut } from './fold.js';

const HAS_UMLAUT = /[äöüåø]/;
const HAS_SECOND = /[æœþ]/;
const IS_WORD = /[\p{L}\p{N}]/u;

// How well a form fits: 0 is the name itself, then its beginning, beginnings of words, parts.
const WHOLE = 0;
const BEGINS = 1;
const WORDS = 2;
const PARTS = 3;
const NONE = 4;

function atWord(form, token) {
  for (let at = form.indexOf(token); at >= 0; at = form.indexOf(token, at + 1)) {
    if (at === 0 || !IS_WORD.test(form[at - 1])) return true;
  }
  return false;
}

function fit(form, query, tokens) {
  for (const token of tokens) if (!form.includes(token)) return NONE;
  if (form === query) return WHOLE;
  if (form.startsWith(query)) return BEGINS;
  return tokens.every((token) => atWord(form, token)) ? WORDS : PARTS;
}

const SLICE_MS = 12; // of work, then whoever types has a turn
const STEP = 500; // names between two looks at the clock

function turn() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
}

export class NameIndex {
  // `mirror` is the published array: sorted strings, keys and lower-cased display names. It takes a while and lets others
  // have their turn meanwhile.
  static async of(mirror) {
    const index = new NameIndex();
    let until = performance.now() + SLICE_MS;
    for (const done of index.#fill(mirror)) {
      if (done % STEP || performance.now() < until) continue;
      await turn();
      until = performance.now() + SLICE_MS;
    }
    return index;
  }

  // Yields after each name how many there were.
  * #fill(mirror) {
    let done = 0;
    const known = new Set(mirror);
    this.people = []; // {keys, shown}: where to look, and how the name is written, as far as the mirror knows
    this.forms = []; // [form, place in people]
    const places = new Map();
    const displays = [];
    for (const text of mirror) {
      const key = isAscii(text) ? text : keyOfMirrored(text);
      if (key !== text && known.has(key)) displays.push([text, key]);
      else places.set(text, this.#add(text));
      yield ++done;
    }
    const second = new Set(); // places of keys that only lead to somebody who is there already
    for (const [text, key] of displays) {
      this.#addDisplay(text, places.get(key));
      const other = HAS_SECOND.test(text) ? places.get(secondKeyOf(text)) : undefined;
      if (other !== undefined && other !== places.get(key)) this.#join(places.get(key), other, second);
      yield ++done;
    }
    if (second.size) this.forms = this.forms.filter(([, place]) => !second.has(place));
  }

  #join(place, other, second) {
    if (second.has(other)) return;
    second.add(other);
    this.people[place].keys.push(...this.people[other].keys);
  }

  #add(key) {
    this.people.push({ keys: [key], shown: key });
    this.forms.push([searchFormMirrored(key), this.people.length - 1]);
    return this.people.length - 1;
  }

  #addDisplay(text, place) {
    this.people[place].shown = text;
    const form = searchFormMirrored(text);
    if (form !== this.people[place].keys[0]) this.forms.push([form, place]);
    if (HAS_UMLAUT.test(text)) this.forms.push([writtenOut(text), place]);
  }

  // {total, people}: how many names fit, and the best `limit` of them.
  search(text, limit) {
    const query = searchForm(text);
    const tokens = query.split(' ').filter(Boolean);
    if (!tokens.length) return { total: 0, people: [] };
    const best = new Map();
    for (const [form, place] of this.forms) {
      const how = fit(form, query, tokens);
      if (how !== NONE && how < (best.get(place) ?? NONE)) best.set(place, how);
    }
    const groups = [[], [], [], []];
    for (const place of [...best.keys()].sort((one, other) => one - other)) groups[best.get(place)].push(place);
    return { total: best.size, people: groups.flat().slice(0, limit).map((place) => this.people[place]) };
  }
}

// Cuts a name into [text, found] pieces, to show what of it was searched for.
export function pieces(name, query) {
  const tokens = searchForm(query).split(' ').filter(Boolean);
  const letters = Array.from(collapse(name));
  const from = []; // for each unit of the form: the letter it comes from
  let form = '';
  letters.forEach((letter, place) => {
    const part = letter === ' ' ? ' ' : searchForm(letter);
    for (let unit = 0; unit < part.length; unit++) from.push(place);
    form += part;
  });
  const found = new Array(letters.length).fill(false);
  for (const token of tokens) {
    for (let at = form.indexOf(token); at >= 0; at = form.indexOf(token, at + token.length)) {
      for (let unit = at; unit < at + token.length; unit++) found[from[unit]] = true;
    }
  }
  const result = [];
  letters.forEach((letter, place) => {
    const last = result.at(-1);
    if (last && last[1] === found[place]) last[0] += letter;
    else result.push([letter, found[place]]);
  });
  return result;
}
