// Takes single members out of the text of a large JSON object, without parsing the rest of it.

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = 91;
const CLOSE = 93;

// The place behind the array that begins at `start`.
function endOfArray(text, start) {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === OPEN) depth++;
    else if (unit === CLOSE && --depth === 0) return at + 1;
  }
  throw new SyntaxError('an array without end');
}

// The array that the object has under `key`; empty if it has none. The text is compact JSON, {"key":[…],…}.
export function member(text, key) {
  const needle = `${JSON.stringify(key)}:[`;
  for (let at = text.indexOf(needle); at > 0; at = text.indexOf(needle, at + 1)) {
    const before = text[at - 1];
    if (before !== '{' && before !== ',') continue;
    const start = at + needle.length - 1;
    return JSON.parse(text.slice(start, endOfArray(text, start)));
  }
  return [];
}
