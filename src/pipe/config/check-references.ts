/** Every `${…}` of a stage must stand for something, and in a command in a place where the shell can fill it in. */
import { didYouMean, listOf, nearest } from '../../lib/diagnostics/suggest.ts';
import type { YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import type { Scope } from './scope.ts';
import { placementsIn } from './shell-text.ts';
import type { RawStage } from './stage-schema.ts';
import { asText, parseTemplate, type TemplatePart } from './template.ts';

/** Keys whose text may hold `${…}`. */
const templated = new Set([
  'run',
  'cmd',
  'when',
  'deps',
  'params',
  'outs',
  'resources',
  'env',
  'tools',
  'estimate',
]);
/** Keys whose text a shell reads. */
const shellText = new Set(['cmd', 'tools']);
/** Keys that may ask for what the engine knows of the cell; what they hold is in the cell's key. */
const aboutItself = new Set(['cmd', 'params', 'env']);

interface Problem {
  readonly message: string;
  readonly hint?: string;
}

type Reference = Extract<TemplatePart, { kind: 'ref' }>;

/** `axes`: those of the stage's matrix. */
export function checkReferences(stage: YamlNode, raw: RawStage, axes: readonly string[], scope: Scope): void {
  if (stage.kind !== 'map') return;
  const known: Known = { raw, axes, scope };
  const visit = (node: YamlNode, section: string): void => {
    if (node.kind === 'map') for (const entry of node.entries) visit(entry.value, section);
    if (node.kind === 'list') for (const item of node.items) visit(item, section);
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('${')) return;
    const written = scope.source.text.slice(node.start, node.end);
    const parts = parseTemplate(node.value);
    const placed = shellText.has(section) ? placementsOf(parts, known) : null;
    let searchFrom = 0;
    for (const part of parts) {
      if (part.kind === 'text') continue;
      const offset = written.indexOf(part.source, searchFrom);
      searchFrom = Math.max(searchFrom, offset + part.source.length);
      const start = node.start + Math.max(0, offset);
      const span = { start, end: offset < 0 ? node.end : start + part.source.length };
      const problem =
        part.kind === 'bad'
          ? { message: `\`${part.source}\` is no reference`, hint: literalHint(part.source, section) }
          : unknownReference(part, section, known);
      if (problem) scope.report('bad-interpolation', scope.source.at(span), problem.message, problem.hint);
      const placement = placed?.get(part);
      if (problem || placement?.kind !== 'refused') continue;
      const message = `\`${part.source}\` ${placement.why}`;
      scope.report('shell-context', scope.source.at(span), message, placement.hint);
    }
  };
  for (const entry of stage.entries) if (templated.has(entry.key)) visit(entry.value, entry.key);
}

interface Known {
  readonly raw: RawStage;
  readonly axes: readonly string[];
  readonly scope: Scope;
}

/** Raw references are filled in first: what they hold is shell text. Of an axis the first value stands for all. */
function placementsOf(parts: readonly TemplatePart[], { scope }: Known) {
  const filled = parts.map((part): TemplatePart => {
    if (part.kind !== 'ref' || !part.raw) return part;
    const [head = '', ...rest] = part.path;
    const value = head === 'params' ? scope.params : scope.axes.get(head)?.values[0]?.value;
    return { kind: 'text', text: asText(valueAt(value, rest) ?? '') };
  });
  const placements = placementsIn(filled);
  const refs = filled.filter((part): part is Reference => part.kind === 'ref');
  return new Map(refs.map((part, index) => [part as TemplatePart, placements[index]]));
}

function literalHint(text: string, section: string): string {
  return shellText.has(section)
    ? `write $${text} for a variable of the shell`
    : `write ${'$${params.name}'.slice(1)} or ${'$${axis}'.slice(1)}; a literal \${ is written $\${`;
}

function unknownReference(part: Reference, section: string, known: Known): Problem | undefined {
  const [head, ...rest] = part.path as [string, ...string[]];
  if (part.raw && !(shellText.has(section) && (head === 'params' || known.axes.includes(head))))
    return withHint(
      `\`${part.source}\`: only a param or an axis can be raw, and only in a command`,
      'leave `raw:` out',
    );
  if (head === 'params') return unknownParam(rest, known);
  if (section === 'cmd' && (head === 'deps' || head === 'outs')) return unknownPath(head, rest, known);
  if (section === 'cmd' && head === 'checkpoint' && rest.length === 0)
    return known.raw.checkpoint === undefined
      ? withHint('the stage keeps no checkpoint', 'add `checkpoint: true`')
      : undefined;
  if (aboutItself.has(section)) {
    if (rest.length === 0 && (head === 'cell' || head === 'stage')) return undefined;
    if (head === 'resources') return unknownResource(rest, known);
  }
  if (known.axes.includes(head)) return unknownField(head, rest, known);
  return neither(part.path, section, known);
}

function unknownParam(path: readonly string[], { scope }: Known): Problem | undefined {
  let value: Json = scope.params;
  for (const [index, step] of path.entries()) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) {
      const names = isJsonObject(value) ? Object.keys(value) : [];
      const near = nearest(step, names);
      const meant = [...path.slice(0, index), near].join('.');
      return withHint(
        `no param is called \`${path.slice(0, index + 1).join('.')}\``,
        near === undefined ? `there is ${listOf(names)}` : `did you mean \`${meant}\`?`,
      );
    }
    value = value[step] ?? null;
  }
  return undefined;
}

function unknownPath(head: 'deps' | 'outs', rest: readonly string[], { raw }: Known): Problem | undefined {
  const [name = '', form, ...more] = rest;
  const names = Object.keys((head === 'deps' ? raw.deps : raw.outs) ?? {});
  if (!names.includes(name)) {
    const message = `the stage has no ${head === 'deps' ? 'dep' : 'out'} called \`${name}\``;
    return withHint(message, didYouMean(name, names) ?? `there is ${listOf(names)}`);
  }
  if (form === undefined || (head === 'deps' && form === 'list' && more.length === 0)) return undefined;
  const hint = head === 'deps' ? `\`\${deps.${name}.list}\` is a file with its paths` : undefined;
  return withHint(`\`${head}.${rest.join('.')}\` stands for nothing`, hint);
}

function unknownResource(rest: readonly string[], { raw }: Known): Problem | undefined {
  const names = [...new Set(['cpu', 'gpu', 'memory', ...Object.keys(raw.resources ?? {})])];
  const [name = ''] = rest;
  if (rest.length === 1 && names.includes(name)) return undefined;
  return withHint(
    `the stage has no resource called \`${rest.join('.')}\``,
    didYouMean(name, names) ?? `there is ${listOf(names)}`,
  );
}

/** `${axis.field}`: every value of the axis must have it. */
function unknownField(axis: string, path: readonly string[], { scope }: Known): Problem | undefined {
  if (path.length === 0) return undefined;
  const without = scope.axes.get(axis)?.values.find(({ value }) => valueAt(value, path) === undefined);
  if (without === undefined) return undefined;
  return withHint(
    `value \`${without.name}\` of axis \`${axis}\` has no \`${path.join('.')}\``,
    'give every value of the axis that field',
  );
}

function neither(path: readonly string[], section: string, { axes, scope }: Known): Problem {
  const [head = '', ...rest] = path;
  if (rest.length === 0 && scope.axisNames.has(head)) {
    return withHint(
      `axis \`${head}\` is not in the stage's matrix`,
      `add it: matrix: [${[...axes, head].join(', ')}]`,
    );
  }
  const names = [...axes, ...Object.keys(scope.params).map((key) => `params.${key}`)];
  const text = path.join('.');
  const param = Object.hasOwn(scope.params, head) ? `did you mean \`params.${text}\`?` : undefined;
  const shell = shellText.has(section) ? `for a variable of the shell write $\${${text}}` : undefined;
  return withHint(`\`${text}\` stands for nothing`, param ?? didYouMean(text, names) ?? shell);
}

function withHint(message: string, hint: string | undefined): Problem {
  return { message, ...(hint === undefined ? {} : { hint }) };
}

/** What lies at a path in a value; undefined: nothing. */
export function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  let found = value;
  for (const step of path)
    found =
      found !== undefined && isJsonObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  return found;
}
