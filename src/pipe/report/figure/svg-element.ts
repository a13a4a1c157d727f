/** A tree of SVG elements: built as Vega's renderer opens and closes them, changed as a tree, written once. */

export interface SvgElement {
  tag: string;
  readonly attributes: Map<string, string>;
  children: (SvgElement | string)[];
}

/** What Vega's renderer writes into: it opens an element with sets of attributes, puts text into it, and closes it. */
export class SvgBuilder {
  readonly #open: SvgElement[] = [{ tag: '', attributes: new Map(), children: [] }];

  /** A value of null or undefined is no attribute. */
  open(tag: string, ...sets: readonly (Readonly<Record<string, unknown>> | null | undefined)[]): this {
    const attributes = new Map<string, string>();
    for (const set of sets)
      for (const [name, value] of Object.entries(set ?? {}))
        if (value !== null && value !== undefined) attributes.set(name, String(value));
    const element: SvgElement = { tag, attributes, children: [] };
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
    return this;
  }

  text(text: unknown): this {
    if (text !== '') this.#open.at(-1)?.children.push(String(text));
    return this;
  }

  close(): this {
    if (this.#open.length > 1) this.#open.pop();
    return this;
  }

  /** The outermost elements so far. */
  get elements(): readonly SvgElement[] {
    return (this.#open[0]?.children ?? []).filter(isElement);
  }
}

export function isElement(child: SvgElement | string): child is SvgElement {
  return typeof child !== 'string';
}

/** As it stands in a page. */
export function svgText({ tag, attributes, children }: SvgElement): string {
  const own = [...attributes].map(([name, value]) => ` ${name}="${attributeText(value)}"`).join('');
  if (children.length === 0) return `<${tag}${own}/>`;
  const inner = children.map((child) => (isElement(child) ? svgText(child) : innerText(child))).join('');
  return `<${tag}${own}>${inner}</${tag}>`;
}

function innerText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function attributeText(text: string): string {
  return innerText(text)
    .replace(/"/g, '&quot;')
    .replace(/\t/g, '&#x9;')
    .replace(/\n/g, '&#xA;')
    .replace(/\r/g, '&#xD;');
}
