/** Numbers, times, sizes and counts as every screen, verb and report writes them: the same on every machine, no locale. */

const minus = '−';

/** Fixed digits, or four significant ones; thousands set apart; null is a dash. */
export function numberText(value: number | null, digits?: number): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  let text: string;
  if (digits !== undefined) text = magnitude.toFixed(digits);
  else if (Number.isInteger(value) && magnitude < 1e15) text = String(magnitude);
  else if (magnitude >= 1e6 || magnitude < 1e-4) text = magnitude.toExponential(3);
  else text = magnitude >= 1000 ? magnitude.toFixed(0) : String(Number(magnitude.toPrecision(4)));
  // Five digits and more only: 2020 is as well a year or an index.
  if (/^\d{5,}/.test(text)) text = text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ' '));
  const negative = value < 0 && !/^[0.\s]+$/.test(text);
  return negative ? minus + text : text;
}

/** As numberText, with a plus before what is not negative. */
export function signedText(value: number | null, digits?: number): string {
  const text = numberText(value, digits);
  return value === null || text.startsWith(minus) || text === '–' ? text : `+${text}`;
}

/** 480 ms, 3.2 s, 14 min 05 s, 3 h 12 min, 2 d 4 h. */
export function durationText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 640 B, 12.3 KiB, 4.56 GiB. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))} ${units[unit]}`;
}

/** 2026-11-24 12:09:51 UTC. */
export function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** 42 %: whole, and 100 only when all is there. */
export function percentText(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
