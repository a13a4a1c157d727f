/** Durations as the file writes them: `500ms`, `90s`, `12m`, `1.5h`, `2d`. */

export const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Null: not a duration. */
export function milliseconds(text: string): number | null {
  const match = durationPattern.exec(text);
  return match ? Math.round(Number(match[1]) * units[match[2]!]!) : null;
}
