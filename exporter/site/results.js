// What a driver's results say when they are counted.

export const BINS = 10;

// From 0, nobody ahead, to 1, the whole field ahead; null where nobody else drove.
export function shareAhead(row) {
  if (!(row.total_entries >= 2)) return null;
  return Math.min(1, Math.max(0, (row.position - 1) / (row.total_entries - 1)));
}

export function binOf(row) {
  const share = shareAhead(row);
  return share === null ? null : Math.min(BINS - 1, Math.floor(share * BINS));
}

export const isWin = (row) => row.position === 1 && row.total_entries >= 2;
export const isPodium = (row) => row.position <= 3 && row.total_entries >= 4;

// {entries, wins, podiums, beaten, average}: `average` is the share of each field beaten, in per cent, null without a field.
export function summary(rows) {
  const shares = rows.map(shareAhead).filter((share) => share !== null);
  return {
    entries: rows.length,
    wins: rows.filter(isWin).length,
    podiums: rows.filter(isPodium).length,
    beaten: rows.reduce((sum, row) => sum + Math.max(0, row.total_entries - row.position), 0),
    average: shares.length ? 100 * (1 - shares.reduce((sum, share) => sum + share, 0) / shares.length) : null,
  };
}

// How many results lie in each tenth of the field, the best first; and the middle one's share.
export function distribution(rows) {
  const bins = new Array(BINS).fill(0);
  const shares = [];
  for (const row of rows) {
    const bin = binOf(row);
    if (bin === null) continue;
    bins[bin]++;
    shares.push(shareAhead(row));
  }
  shares.sort((one, other) => one - other);
  const middle = shares.length >> 1;
  const median = shares.length % 2 ? shares[middle] : (shares[middle - 1] + shares[middle]) / 2;
  return { bins, count: shares.length, median: shares.length ? median : null };
}

// The choices of a filter by place. Their names stand in addresses.
export const PLACES = [
  ['won', 'Won', isWin],
  ['podium', 'Podium', isPodium],
  ...Array.from({ length: BINS }, (_, bin) => [
    `${bin * 10}-${bin * 10 + 10}`,
    bin === 0 ? 'First tenth of the field' : bin === BINS - 1 ? 'Last tenth of the field' : `${bin * 10} to ${bin * 10 + 10} % ahead`,
    (row) => binOf(row) === bin,
  ]),
];
