/** Random packages in Python that print what they compute, by way of imports, defaults, decorators, classes and side effects. */
import fc from 'fast-check';

export const moduleCount = 30;

export interface ModuleSpec {
  /** Modules that it takes from, later ones only, so that no import is of a half-made module. */
  readonly imports: readonly { readonly from: number; readonly how: (typeof hows)[number] }[];
  readonly value: number;
  readonly features: readonly (typeof features)[number][];
  /** What means nothing. */
  readonly comment: number;
}

const hows = ['from', 'module', 'as', 'lazy', 'relative', 'literal', 'star', 'try', 'value'] as const;
const features = [
  ...['constant', 'default', 'decorator', 'class', 'effect', 'lookup', 'getattr', 'unused', 'docstring'],
  ...['conditional', 'main', 'lambda', 'subclass', 'helper', 'annotated', 'checking', 'doc'],
] as const;

export const moduleSpec = (index: number): fc.Arbitrary<ModuleSpec> =>
  fc.record({
    imports:
      index >= moduleCount - 1
        ? fc.constant([])
        : fc.array(
            fc.record({
              from: fc.integer({ min: index + 1, max: Math.min(index + 4, moduleCount - 1) }),
              how: fc.constantFrom(...hows),
            }),
            { maxLength: 2 },
          ),
    value: fc.integer({ min: 0, max: 3 }),
    features: fc.subarray([...features], { maxLength: 5 }),
    comment: fc.integer({ min: 0, max: 2 }),
  });

export const nameOf = (index: number) => `m${index}`;

/** `run()` of the module gives a number that depends on all that it reaches. */
export function moduleText(index: number, { imports, value, features: has, comment }: ModuleSpec): string {
  const lines: string[] = [];
  if (has.includes('docstring')) lines.push(`"""About ${comment}."""`);
  lines.push('from __future__ import annotations', `# ${comment}`);
  const terms = [String(value)];
  const inner: string[] = [];
  for (const [i, { from, how }] of imports.entries()) {
    const [name, alias] = [nameOf(from), `r${i}`];
    const [line, term] = importOf(how, name, alias);
    (how === 'lazy' ? inner : lines).push(...line);
    terms.push(term);
  }
  for (const feature of has) {
    const { top = [], term } = featureOf(feature, value, index);
    lines.push(...top);
    if (term) terms.push(term);
  }
  lines.push(
    'def run():',
    `    # ${comment}`,
    ...inner.map((line) => `    ${line}`),
    `    return ${terms.join(' * 3 + ')}`,
  );
  return `${lines.join('\n')}\n`;
}

function importOf(
  how: ModuleSpec['imports'][number]['how'],
  name: string,
  alias: string,
): [string[], string] {
  switch (how) {
    case 'from':
    case 'lazy':
      return [[`from pkg.${name} import run as ${alias}`], `${alias}()`];
    case 'module':
      return [[`import pkg.${name}`], `pkg.${name}.run()`];
    case 'as':
      return [[`import pkg.${name} as ${alias}`], `${alias}.run()`];
    case 'relative':
      return [[`from . import ${name}`], `${name}.run()`];
    case 'literal':
      return [
        ['import importlib', `${alias} = importlib.import_module('pkg.${name}')`],
        `getattr(${alias}, 'ru' + 'n')()`,
      ];
    case 'star':
      return [[`from pkg.${name} import *`, `${alias} = run`], `${alias}()`];
    case 'try':
      return [
        ['try:', `    from .${name} import run as ${alias}`, 'except ImportError:', `    ${alias} = int`],
        `${alias}()`,
      ];
    case 'value':
      return [
        [`from . import ${name} as ${alias}`, `MODULES_${name} = [${alias}]`],
        `vars(MODULES_${name}[0])['run']()`,
      ];
  }
}

function featureOf(
  feature: ModuleSpec['features'][number],
  value: number,
  index: number,
): { top?: string[]; term?: string } {
  const k = `${index}_${feature}`;
  switch (feature) {
    case 'constant':
      return { top: [`K${k} = ${value}`], term: `K${k}` };
    case 'default':
      return { top: [`def d${k}(x=${value}):`, '    return x'], term: `d${k}()` };
    case 'decorator':
      return {
        top: [`def w${k}(f):`, `    return lambda: f() + ${value}`, `@w${k}`, `def g${k}():`, '    return 1'],
        term: `g${k}()`,
      };
    case 'class':
      return {
        top: [`class C${k}:`, `    a = ${value}`, '    def m(self):', '        return self.a'],
        term: `C${k}().m()`,
      };
    case 'effect':
      return { top: [`print('effect', ${value})`] };
    case 'lookup':
      return { top: [`def look${k}():`, `    return ${value}`], term: `globals()['look' + '${k}']()` };
    case 'getattr':
      return { top: ['def __getattr__(name):', `    return lambda: ${value}`] };
    case 'unused':
      return { top: [`def never${k}(x: int = ${value}):`, `    return ${value}`] };
    case 'conditional':
      return { top: ['if True:', `    def c${k}():`, `        return ${value}`], term: `c${k}()` };
    case 'main':
      return { top: ["if __name__ == '__main__':", `    print(${value})`] };
    case 'lambda':
      return { top: [`l${k} = lambda x=${value}: x`], term: `l${k}()` };
    case 'subclass':
      return {
        top: [
          `class B${k}:`,
          '    made = []',
          '    def __init_subclass__(cls):',
          `        B${k}.made.append(${value})`,
          `class D${k}(B${k}):`,
          '    pass',
        ],
        term: `len(B${k}.made) + B${k}.made[0]`,
      };
    case 'helper':
      return { top: [`def h${k}():`, `    return ${value}`, `TABLE${k} = {'x': 'h${k}'}`] };
    case 'annotated':
      return { top: [`V${k}: int = ${value}`], term: `V${k}` };
    case 'checking':
      return { top: ['from typing import TYPE_CHECKING', 'if TYPE_CHECKING:', `    import nothing${value}`] };
    case 'doc':
      return { top: [`def doc${k}():`, `    """${value}"""`], term: `int(doc${k}.__doc__)` };
    case 'docstring':
      return {};
  }
}
