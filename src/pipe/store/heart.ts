/** Signs of life of everything that this process holds: one timer for all, however many there are. */

export interface Beating {
  /** Gives a sign of life. False: no other is to follow. */
  beat(): boolean;
}

const usualMs = 2_000;
const tickMs = 200;
/** Beyond so many each beats less often, so that beats stay a small part of the work. */
const usualCount = 2_000;
/** Others take an owner for silent after three times as long. */
const slowestMs = 10_000;

/** The one that beat longest ago comes first. */
const beating = new Set<Beating>();
let timer: NodeJS.Timeout | undefined;

export function keepBeating(one: Beating): void {
  beating.add(one);
  timer ??= setInterval(beatSome, tickMs).unref();
}

export function stopBeating(one: Beating): void {
  beating.delete(one);
}

function beatSome(): void {
  const everyMs = Math.min(slowestMs, usualMs * Math.max(1, beating.size / usualCount));
  const due = [...beating].slice(0, Math.ceil((beating.size * tickMs) / everyMs));
  for (const one of due) {
    beating.delete(one);
    if (one.beat()) beating.add(one);
  }
  if (beating.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
