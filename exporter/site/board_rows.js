// The rows of a leaderboard's file, which are the service's own: any field may be missing or of another type.
import { lower } from './fold.js';

const text = (value) => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const named = (value) => (value && typeof value === 'object' ? text(value.name) : text(value));

// The last path segment that is all digits; without one, the name in small letters.
function personOf(path, name) {
  const digits = text(path).split(/[?#]/, 1)[0].split('/').filter((part) => /^\d+$/.test(part));
  return digits.at(-1) ?? lower(name.normalize('NFC'));
}

function positionOf(row, place) {
  if (Number.isInteger(row.global_index)) return row.global_index;
  return Number.isInteger(row.index) ? row.index + 1 : place + 1;
}

export function boardRows(data) {
  return (Array.isArray(data) ? data : []).map((entry, place) => {
    const row = entry && typeof entry === 'object' ? entry : {};
    const name = named(row.driver);
    return {
      position: positionOf(row, place),
      name,
      id: personOf(row.driver?.path, name),
      country: named(row.country),
      team: named(row.team),
      rank: named(row.rank) || text(row.driver?.rank),
      car: named(row.car_class?.car),
      model: text(row.driving_model),
      laptime: text(row.laptime),
      date_time: text(row.date_time),
    };
  });
}
