/** Makes Vega's SVG small and plain enough for a page that holds many. */
import { escapeText } from '../../../lib/html.ts';
import { fontStack } from './text-width.ts';

/** Vega draws a round point as a path of two arcs, twice the size of a circle. */
const circlePath =
  /^<path((?: data-l="[^"]*")?) transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A\4,\4,0,1,1,-\4,0A\4,\4,0,1,1,\4,0"/;

/**
 * An SVG for a page of many: one picture with one name to assistive software (its table stands beside it), each
 * mark's description kept for the pointer as `data-l`, and what every text repeats said once.
 */
export function pageSvg(svg: string, label: string): string {
  const font = ` font-family="${escapeText(fontStack.replace(/"/g, "'"))}"`;
  const body = svg
    .replace(/<path class="(?:foreground|background)"[^>]* d="(?:M0,0h0v0h0Z)?"[^>]*\/>/g, '')
    .replace(/<path class="foreground"[^>]*display="none"[^>]*\/>/g, '')
    .replace(/<[^>]*>/g, (tag) => {
      const described = /aria-roledescription="([^"]*)"/.exec(tag)?.[1] ?? 'axis';
      const isMark = !/ container$|^(?:axis|legend|title|subtitle)$/.test(described);
      return tag
        .replace(/ aria-label="([^"]*)"/, (_, text) => (isMark ? ` data-l="${text}"` : ''))
        .replace(/ (?:role|aria-roledescription|aria-hidden|xmlns|xmlns:xlink|version|class)="[^"]*"/g, '')
        .replace(
          / (?:opacity="1"|stroke-width="1"|font-weight="normal"|[xy]2="0"|transform="translate\(0,0\)")/g,
          '',
        )
        .replace(/^(<line .*?) [xy]2="0"/, '$1')
        .replace(/^((?!.* stroke=").*?) stroke-width="[^"]*"/, '$1')
        .replace(circlePath, '<circle$1 cx="$2" cy="$3" r="$4"')
        .replace(font, '');
    });
  return hoisted(body).replace(
    /^<svg/,
    `<svg class="plot" role="img" aria-label="${escapeText(label)}"${font}`,
  );
}

const leafGroup = /<g([^>]*)>((?:<(?:path|line|circle|rect|text)[^>]*(?:\/>|>[^<]*<\/text>)){2,})<\/g>/g;
/** Attributes that children inherit; opacity is not one, and means another thing on a group. */
const inherited = [
  'fill',
  'stroke',
  'stroke-width',
  'fill-opacity',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'font-size',
  'font-weight',
  'text-anchor',
];

/** What all marks of a group have in common is said once, on the group. */
function hoisted(svg: string): string {
  return svg.replace(leafGroup, (_, own: string, children: string) => {
    const tags = children.match(/<(?!\/)[^>]*>/g) ?? [];
    let group = own;
    let rest = children;
    for (const name of inherited) {
      const found = new RegExp(` ${name}="[^"]*"`);
      const [first] = found.exec(tags[0] ?? '') ?? [];
      if (first === undefined || own.includes(` ${name}="`) || !tags.every((tag) => tag.includes(first)))
        continue;
      group += first;
      rest = rest.replaceAll(first, '');
    }
    const [fields, described] = sharedFields(rest);
    return `<g${group}${fields}>${described}</g>`;
  });
}

/**
 * Descriptions read `field: value; field: value`. Where all marks of a group have the same fields, these go to the
 * group as `data-f`, and the marks keep the values.
 */
function sharedFields(marks: string): readonly [string, string] {
  const labels = [...marks.matchAll(/ data-l="([^"]*)"/g)].map((match) =>
    match[1]!.split('; ').map(fieldAndValue),
  );
  const names = labels[0]?.map((part) => part?.[0]).join('; ');
  const isShared =
    labels.length > 1 &&
    labels.every(
      (parts) => parts.every((part) => part !== null) && parts.map((part) => part?.[0]).join('; ') === names,
    );
  if (!isShared) return ['', marks];
  let i = 0;
  const described = marks.replace(
    / data-l="[^"]*"/g,
    () => ` data-l="${labels[i++]!.map((part) => part?.[1]).join('; ')}"`,
  );
  return [` data-f="${names}"`, described];
}

/** Null for what would not come back whole: an escaped character ends in a semicolon of its own. */
function fieldAndValue(part: string): readonly [string, string] | null {
  const at = part.indexOf(': ');
  return at < 0 || part.includes('&') ? null : [part.slice(0, at), part.slice(at + 2)];
}
