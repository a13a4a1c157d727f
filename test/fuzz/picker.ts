/** Numbers that a seed decides. */
export type Pick = (below: number) => number;

/** Numbers that a seed decides; `below` is 1 or more. */
export function picker(seed: number): Pick {
  let state = (Math.imul(seed, 2654435761) + 97) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

export function at<One>(list: readonly One[], pick: Pick): One {
  return list[pick(list.length)] as One;
}
