// Numbers, times and dates as people read them.

const COUNT = new Intl.NumberFormat('en');
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const count = (number) => COUNT.format(number);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// "1m 24.947s, +01.533s" → {lap: "1:24.947", gap: "+1.533", seconds: 84.947, gapSeconds: 1.533}. What is no time is shown as it is.
export function lapTime(text) {
  const [lap, gap = ''] = String(text ?? '').split(',').map((part) => part.trim());
  const seconds = secondsOf(lap);
  const gapSeconds = gap ? secondsOf(gap) : 0;
  return {
    lap: Number.isNaN(seconds) ? lap : clock(seconds),
    gap: !gap ? '' : Number.isNaN(gapSeconds) ? gap : `+${clock(gapSeconds)}`,
    seconds,
    gapSeconds,
  };
}

function secondsOf(text) {
  const parts = /^\+?(?:(\d+)h\s*)?(?:(\d+)m\s*)?(\d+(?:\.\d+)?)s$/.exec(text);
  if (!parts) return NaN;
  return Number(parts[1] ?? 0) * 3600 + Number(parts[2] ?? 0) * 60 + Number(parts[3]);
}

function clock(seconds) {
  const thousandths = Math.round(seconds * 1000);
  const rest = (thousandths % 60000) / 1000;
  const minutes = Math.floor(thousandths / 60000);
  return minutes ? `${minutes}:${rest.toFixed(3).padStart(6, '0')}` : rest.toFixed(3);
}

// A row's date, "2016-05-11T11:32:50" or "05/11/2016 11:32:50" (month first); null for anything else.
export function rowDate(text) {
  const iso = /^(\d{4})-(\d\d)-(\d\d)/.exec(text ?? '');
  const american = iso ? null : /^(\d\d)\/(\d\d)\/(\d{4})/.exec(text ?? '');
  const [year, month, day] = iso ? iso.slice(1) : american ? [american[3], american[1], american[2]] : [];
  if (!year) return null;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return Number.isNaN(date.getTime()) ? null : date;
}

export function date(text) {
  const day = rowDate(text);
  return day ? DATE.format(day) : String(text ?? '');
}

export const moment = (text) => (text ? MOMENT.format(new Date(text)) : 'never');

const STEPS = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]];

// "3 minutes ago"; `now` in milliseconds.
export function ago(text, now) {
  const seconds = (Date.parse(text) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return AGO.format(Math.trunc(seconds / size), unit);
  }
  return 'just now';
}

// Capitals for a name of which only the small letters are known yet.
export const capitals = (name) => name.replace(/(^|[\s\-[(.])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
