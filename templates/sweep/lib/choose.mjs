/** Runs → mean and deviation per combination, and the best of them. */
export function combinations(runs) {
  const groups = new Map();
  for (const run of runs) {
    const name = `${run.rate} ${run.batch}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const n = group.length;
    const mean = group.reduce((sum, { accuracy }) => sum + accuracy, 0) / n;
    const squares = group.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0);
    return { rate: group[0].rate, batch: group[0].batch, mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : null, n };
  });
}

export function best(all) {
  return all.reduce((one, other) => (other.mean > one.mean ? other : one));
}
