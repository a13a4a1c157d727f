/** Compiles and draws a specification with vega-lite and vega alone, as anyone with the file would. */
import { parse, type Spec, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export interface Drawn {
  readonly svg: string;
  readonly warnings: readonly string[];
  /** Points, line points, bars: what a reader's browser has to draw. */
  readonly marks: number;
}

export async function drawSvg(spec: object): Promise<Drawn> {
  const warnings: string[] = [];
  const collect = (...words: readonly unknown[]) => {
    warnings.push(words.map(String).join(' '));
    return logger;
  };
  const logger = {
    level: () => logger,
    error: collect,
    warn: collect,
    info: () => logger,
    debug: () => logger,
  };
  const compiled = compile(spec as TopLevelSpec, { logger: logger as never });
  const view = new View(parse(compiled.spec as Spec), { renderer: 'none', logger: logger as never });
  const svg = await view.toSVG();
  view.finalize();
  const marks = svg.match(
    /aria-roledescription="(?:circle|point|square|bar|line mark|rule|symbol|rect|text mark|area)[^"]*"/g,
  );
  return { svg, warnings, marks: marks?.length ?? 0 };
}
