/** Makes Vega's SVG small and plain enough for a page that holds many. */
import { anchor } from '../../../lib/html.ts';
import { isElement, type SvgElement } from './svg-element.ts';
import { fontStack } from './text-width.ts';

export interface PageSvgOptions {
  /** The figure's name, which ids begin with: two figures share one page. */
  readonly name: string;
  /** What the picture is called by assistive software; its table stands beside it. */
  readonly label: string;
}

/**
 * An SVG for a page of many: one picture with one name, each mark's description kept for the pointer as `data-l`, what
 * every mark repeats said once, coordinates with two decimals, and nothing that a strict style policy forbids.
 */
export function pageSvg(drawn: SvgElement, { name, label }: PageSvgOptions): SvgElement {
  const prefix = anchor('in', name);
  const plain = simplified(drawn, prefix);
  const font = fontStack.replace(/"/g, "'");
  const attributes = new Map([
    ['class', 'plot'],
    ['role', 'img'],
    ['aria-label', label],
    ['font-family', font],
    ...plain.attributes,
  ]);
  return { ...plain, attributes };
}

/** The element and all in it, without what is not seen. */
function simplified(element: SvgElement, prefix: string): SvgElement {
  const children = element.children
    .filter((child) => !isElement(child) || !isUnseen(child))
    .map((child) => (isElement(child) ? simplified(child, prefix) : child));
  const attributes = plainAttributes(element.attributes, prefix);
  const kept = asCircle({ tag: element.tag, attributes, children });
  return element.tag === 'g' ? hoisted(kept) : kept;
}

/** The frame that Vega puts before and behind every group, where it has no size or is not shown. */
function isUnseen({ tag, attributes }: SvgElement): boolean {
  const [kind, path] = [attributes.get('class'), attributes.get('d')];
  if (tag !== 'path' || (kind !== 'foreground' && kind !== 'background')) return false;
  return (
    path === '' || path === 'M0,0h0v0h0Z' || (kind === 'foreground' && attributes.get('display') === 'none')
  );
}

const dropped = new Set([
  'style',
  'role',
  'aria-roledescription',
  'aria-hidden',
  'xmlns',
  'xmlns:xlink',
  'version',
  'class',
]);
/** What an attribute says that could as well be left out. */
const defaults: Readonly<Record<string, string>> = {
  opacity: '1',
  'stroke-width': '1',
  'font-weight': 'normal',
  x2: '0',
  y2: '0',
  transform: 'translate(0,0)',
  'font-family': fontStack.replace(/"/g, "'"),
};
const coordinates = new Set('d transform x y x1 y1 x2 y2 cx cy r width height viewBox points'.split(' '));
const references = new Set(['clip-path', 'fill', 'stroke']);

function plainAttributes(attributes: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  const described = attributes.get('aria-roledescription') ?? 'axis';
  const isMark = !/ container$|^(?:axis|legend|title|subtitle)$/.test(described);
  const plain = new Map<string, string>();
  for (const [name, text] of attributes) {
    const value = coordinates.has(name)
      ? text.replace(/-?\d+\.\d{3,}(?:e-?\d+)?|-?\d+e-\d+/g, rounded)
      : text;
    if (dropped.has(name) || defaults[name] === value) continue;
    if (name === 'aria-label') {
      if (isMark) plain.set('data-l', value);
    } else if (name === 'id') plain.set(name, `${prefix}-${value}`);
    else if (references.has(name)) plain.set(name, value.replace(/url\(#/g, `url(#${prefix}-`));
    else plain.set(name, value);
  }
  if (!plain.has('stroke')) plain.delete('stroke-width');
  return plain;
}

function rounded(number: string): string {
  const value = Math.round(Number(number) * 100) / 100;
  return String(value === 0 ? 0 : value);
}

/** Vega draws a round point as a path of two arcs, twice the size of a circle. */
function asCircle(element: SvgElement): SvgElement {
  const [, r] =
    /^M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0$/.exec(element.attributes.get('d') ?? '') ?? [];
  const [, x, y] = /^translate\(([-\d.]+),([-\d.]+)\)$/.exec(element.attributes.get('transform') ?? '') ?? [];
  if (element.tag !== 'path' || r === undefined || x === undefined || y === undefined) return element;
  const attributes = [...element.attributes].flatMap(([name, value]): [string, string][] => {
    if (name === 'transform')
      return [
        ['cx', x],
        ['cy', y],
      ];
    return [name === 'd' ? ['r', r] : [name, value]];
  });
  return { ...element, tag: 'circle', attributes: new Map(attributes) };
}

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
const leaves = new Set(['path', 'line', 'circle', 'rect', 'text']);

/** What all marks of a group have in common is said once, on the group. */
function hoisted(group: SvgElement): SvgElement {
  const marks = group.children.filter(isElement);
  const isLeafGroup = marks.every(({ tag, children }) => leaves.has(tag) && !children.some(isElement));
  if (marks.length < 2 || !isLeafGroup) return group;
  const attributes = new Map(group.attributes);
  for (const name of inherited) {
    const value = marks[0]?.attributes.get(name);
    if (value === undefined || attributes.has(name)) continue;
    if (!marks.every((mark) => mark.attributes.get(name) === value)) continue;
    attributes.set(name, value);
    for (const mark of marks) mark.attributes.delete(name);
  }
  const fields = sharedFields(marks);
  if (fields !== null) attributes.set('data-f', fields);
  return { ...group, attributes };
}

/**
 * Descriptions read `field: value; field: value`. Where all marks of a group have the same fields, these go to the
 * group as `data-f`, and the marks keep the values. Null: they have not.
 */
function sharedFields(marks: readonly SvgElement[]): string | null {
  const described = marks.filter(({ attributes }) => attributes.has('data-l'));
  const labels = described.map(({ attributes }) =>
    (attributes.get('data-l') ?? '').split('; ').map((part) => /^(.*?): (.*)$/s.exec(part)),
  );
  const namesOf = (parts: readonly (RegExpExecArray | null)[]) => parts.map((part) => part?.[1]).join('; ');
  const names = namesOf(labels[0] ?? []);
  if (labels.length < 2 || labels.some((parts) => parts.includes(null) || namesOf(parts) !== names))
    return null;
  for (const [i, { attributes }] of described.entries())
    attributes.set('data-l', (labels[i] ?? []).map((part) => part?.[2]).join('; '));
  return names;
}
