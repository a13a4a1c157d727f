/** A figure's scene as a tree of SVG elements, by Vega's own renderer, which writes text otherwise. */
import { SvgBuilder, type SvgElement } from './svg-element.ts';

/** What is used of Vega's renderer of SVG text. Its typings leave it out; Vega exports it. */
interface SceneRenderer {
  readonly _width: number;
  readonly _height: number;
  readonly _origin: readonly number[];
  /** Opens and closes the elements of a mark and of all in it. */
  mark(builder: SvgBuilder, scene: unknown): void;
  /** The clips and gradients that the marks refer to. */
  defs(builder: SvgBuilder): void;
}
interface VegaRenderers {
  readonly SVGStringRenderer: new (loader: unknown) => SceneRenderer;
  renderModule(name: string, module: { readonly headless: unknown }): void;
}

/** What Vega's text has on the group round everything. */
const rootAttributes = { fill: 'none', 'stroke-miterlimit': 4 };

/** Draws `view` as it stands once it has run. */
export async function svgTree(
  vega: typeof import('vega'),
  view: InstanceType<typeof import('vega').View>,
): Promise<SvgElement> {
  const { SVGStringRenderer, renderModule } = vega as unknown as VegaRenderers;
  let drawn: SvgElement | undefined;
  class TreeRenderer extends SVGStringRenderer {
    _render(scene: unknown): this {
      const builder = new SvgBuilder();
      const [width, height] = [this._width, this._height];
      builder.open('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
      builder.open('g', rootAttributes, { transform: `translate(${this._origin})` });
      this.mark(builder, scene);
      builder.close();
      this.defs(builder);
      drawn = builder.close().elements[0];
      return this;
    }
    svg(): string {
      return '';
    }
  }
  renderModule('svg', { headless: TreeRenderer });
  await view.toSVG();
  if (drawn === undefined) throw new Error('Vega drew nothing');
  return drawn;
}
