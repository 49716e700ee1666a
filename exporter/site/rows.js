// Sorting, filtering and paging of rows, without any page around them.
import { searchForm } from './fold.js';

const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
const isNothing = (value) => value === '' || value === null || value === undefined || Number.isNaN(value);

function compare(one, other) {
  return typeof one === 'number' && typeof other === 'number' ? one - other : COLLATOR.compare(String(one), String(other));
}

// A sorted copy; equal rows keep their order, and what has no value comes last both ways.
export function sorted(rows, valueOf, descending) {
  const pairs = rows.map((row) => ({ row, value: valueOf(row) }));
  const sign = descending ? -1 : 1;
  pairs.sort((one, other) => {
    if (isNothing(one.value) || isNothing(other.value)) return isNothing(one.value) - isNothing(other.value);
    return sign * compare(one.value, other.value);
  });
  return pairs.map(({ row }) => row);
}

// Rows whose form (searchForm of their text) has every word of `find`.
export function found(rows, formOf, find) {
  const words = searchForm(find).split(' ').filter(Boolean);
  return words.length ? rows.filter((row) => words.every((word) => formOf(row).includes(word))) : rows;
}

// {rows, page, pages, first}: one page of them; `page` counts from 1 and is brought into range.
export function pageOf(rows, page, size) {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const wanted = Number.isInteger(page) ? Math.min(Math.max(page, 1), pages) : 1;
  const first = (wanted - 1) * size;
  return { rows: rows.slice(first, first + size), page: wanted, pages, first };
}

// The distinct values, [value, how many rows], by name.
export function choices(rows, valueOf) {
  const counts = new Map();
  for (const row of rows) {
    const value = valueOf(row);
    if (!isNothing(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => COLLATOR.compare(one[0], other[0]));
}
