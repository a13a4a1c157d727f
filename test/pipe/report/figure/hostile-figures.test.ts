/** A figure can neither end nor hang what draws it: the page says what was wrong with it, and the others are drawn. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/lib/json.ts';
import { drawFigures } from '../../../../src/pipe/report/figure/figure.ts';
import { buildPipe, CliProject } from '../../../kit/cli.ts';
import { origin } from '../fixture-figures.ts';

const points = {
  data: { values: [{ x: 1, y: 2 }] },
  mark: 'point',
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
} as const;
const hostile: Readonly<Record<string, JsonObject>> = {
  link: { ...points, encoding: { ...points.encoding, href: { field: 'x' } } },
  'link in a mark': { ...points, mark: { type: 'point', href: 'https://example.org' } },
  'endless expression': {
    ...points,
    transform: [{ filter: `test(/^(a+)+$/, '${'a'.repeat(40)}!')` }],
  },
  'endless memory': { ...points, data: { sequence: { start: 0, stop: 1e9, as: 'x' } } },
  'endless memory in an expression': {
    ...points,
    transform: [{ calculate: 'length(sequence(0, 1e9))', as: 'z' }],
  },
};
const meta = (order: number) => ({ title: 'T', caption: 'C', section: '', order });

test('each is refused with what was wrong, and the figure after it is drawn', async () => {
  const names = Object.keys(hostile);
  const figures = [...names.map((name) => [name, hostile[name]!] as const), ['good', points] as const].map(
    ([name, spec], order) => ({
      name,
      spec,
      csv: null,
      origin: origin('plot', 'figures'),
      meta: meta(order),
    }),
  );
  const drawn = await drawFigures(figures, null, { ms: 3000, megabytes: 256 });
  const errors = Object.fromEntries(drawn.map(({ figure, error }) => [figure.name, error]));
  expect(errors).toEqual({
    link: 'encoding.href: a figure may not link anywhere; take href out',
    'link in a mark': 'mark.href: a figure may not link anywhere; take href out',
    'endless expression': 'drawing it takes more than 3 s',
    'endless memory': expect.stringMatching(/^drawing it takes more than (256 MB of memory|3 s)$/),
    'endless memory in an expression': expect.stringMatching(
      /^drawing it takes more than (256 MB of memory|3 s)$/,
    ),
    good: null,
  });
  expect(drawn.at(-1)?.drawn?.svg).toMatch(/^<svg/);
});

describe('through the command line', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe.remove());

  test('a figure that would end the process leaves the exit code of the run alone, and its place says why', () => {
    const project = new CliProject(pipe.file);
    const spec = { ...hostile.link, usermeta: { pipe: meta(1) } };
    project.write('figure.json', JSON.stringify(spec));
    project.write(
      'pipeline.yaml',
      `version: 1
stages:
  plot:
    cmd: mkdir -p \${outs.figures} && cp \${deps.spec} \${outs.figures}/linked.vl.json
    deps: { spec: ./figure.json }
    outs: { figures: { path: figures, report: figures } }
`,
    );
    const { code, stderr } = project.pipe('run');
    expect(stderr).toContain('figure linked of plot could not be drawn: encoding.href');
    expect(code).toBe(0);
    expect(project.read('reports/index.html')).toContain('encoding.href: a figure may not link anywhere');
    project.remove();
  });
});
