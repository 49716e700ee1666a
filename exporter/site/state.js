// What the page shows, in the address: a link can be shared and the browser's back button works.
//
// {view, …parameters}; everything is a string. Views and what they know:
const VIEWS = {
  search: ['q'],
  driver: ['driver', 'id', 'find', 'class', 'model', 'place', 'sort', 'dir', 'page'],
  board: ['track', 'class', 'mark', 'find', 'car', 'model', 'sort', 'dir', 'page'],
  boards: ['find', 'class', 'sort', 'dir', 'page'],
  rankings: ['scope', 'by', 'find', 'country', 'sort', 'dir', 'page'],
  status: [],
};
const LENGTH_MAX = 500; // of one parameter; names are far shorter

function viewOf(parameters) {
  if (parameters.get('driver') !== null) return 'driver';
  if (/^\d+$/.test(parameters.get('track') ?? '') && /^\d+$/.test(parameters.get('class') ?? '')) return 'board';
  const named = parameters.get('view');
  return ['boards', 'rankings', 'status'].includes(named) ? named : 'search';
}

export function parse(search) {
  const parameters = new URLSearchParams(search);
  const state = { view: viewOf(parameters) };
  for (const name of VIEWS[state.view]) {
    const value = parameters.get(name);
    if (value !== null && (value !== '' || name === 'driver') && value.length <= LENGTH_MAX) state[name] = value;
  }
  return state;
}

// The address's search part; `./` for the start page, so that it can be used as a link.
export function address(state) {
  const parameters = new URLSearchParams();
  if (['boards', 'rankings', 'status'].includes(state.view)) parameters.set('view', state.view);
  for (const name of VIEWS[state.view]) {
    const value = state[name];
    if (value || (name === 'driver' && value === '')) parameters.set(name, value);
  }
  const text = parameters.toString();
  return text ? `?${text}` : './';
}

// True if both show the same thing, only sorted, filtered or paged differently.
export function sameThing(one, other) {
  return one.view === other.view &&
    ['driver', 'id', 'track', 'mark', 'scope', 'by'].every((name) => one[name] === other[name]) &&
    (one.view !== 'board' || one.class === other.class);
}
