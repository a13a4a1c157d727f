/** A stage's command in one cell: which values its references stand for, and whether each can stand where it does. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import type { Json } from '../../lib/json.ts';
import type { RunDoc } from '../config/document.ts';
import { placementsIn } from '../config/shell-text.ts';
import { asText, type Lookup, parseTemplate, type TemplatePart } from '../config/template.ts';
import type { Cell, CellRun, DepBinding } from './graph.ts';

type Command = Extract<RunDoc, { kind: 'command' }>;
type Reference = Extract<TemplatePart, { kind: 'ref' }>;

export function commandOf(
  run: Command,
  deps: readonly DepBinding[],
  lookup: Lookup,
  report: Report,
): CellRun {
  const command = withRaw(run.command, lookup);
  const values: Record<string, Json> = {};
  for (const { ref, number } of checked({ command, at: run.at }, lookup, report, deps)) {
    const value = lookup(ref.path, true);
    if (value === undefined) continue;
    values[ref.path.join('.')] = value;
    if (asText(value).includes('\0'))
      report('wrong-value', run.at, `\`${ref.source}\` holds a NUL character, which no program can be given`);
    if (number && typeof value !== 'number') report(...notNumber(ref, run.at, value));
  }
  const { python, shell, at } = run;
  // One by one: what is spread has a hidden class of its own, which for every cell of a large study is much memory.
  return { kind: 'command', command, python, shell, at, values };
}

/** A probe's text with its values quoted into it: it has no job that variables could come from. */
export function shellTextOf(template: string, at: Position, lookup: Lookup, report: Report): string {
  const parts = parseTemplate(withRaw(template, lookup));
  const placements = placementsIn(parts);
  let refs = 0;
  return parts
    .map((part) => {
      if (part.kind !== 'ref') return part.kind === 'text' ? part.text : part.source;
      const value = lookup(part.path, true);
      const { kind } = placements[refs++] ?? {};
      if (value === undefined) return part.source;
      if (kind === 'word') return shellWord(asText(value));
      if (kind === 'quoted') return asText(value).replaceAll(/[\\"$`]/g, '\\$&');
      if (kind === 'arithmetic' && typeof value !== 'number') report(...notNumber(part, at, value));
      return asText(value);
    })
    .join('');
}

/** As a shell reads it back; plain words stay as they are. */
export function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Outs that a command neither mentions nor can learn of from its job file, one sentence per stage. */
export function unmentionedOuts(cells: Iterable<Cell>): readonly string[] {
  const seen = new Set<string>();
  const warnings: string[] = [];
  for (const { stage, run, outs, frozen } of cells) {
    if (seen.has(stage) || run.kind !== 'command' || frozen !== null) continue;
    seen.add(stage);
    if (run.command.includes('PIPE_JOB')) continue;
    const refs = parseTemplate(run.command).flatMap((part) => (part.kind === 'ref' ? [part.path] : []));
    const unsaid = outs.filter((out) => !refs.some(([head, name]) => head === 'outs' && name === out.name));
    if (unsaid.length === 0) continue;
    const { file, line, column } = run.at;
    const names = unsaid.map((out) => `\${outs.${out.name}}`).join(', ');
    warnings.push(
      `${file}:${line}:${column}: the command of ${stage} never mentions ${names}; a program that learns its outs from the job file is given "$PIPE_JOB"`,
    );
  }
  return warnings;
}

/** `${raw:…}` filled in; a `${` in the value belongs to the shell. */
function withRaw(command: string, lookup: Lookup): string {
  return parseTemplate(command)
    .map((part) => {
      if (part.kind === 'text') return literal(part.text);
      const value = part.kind === 'ref' && part.raw ? lookup(part.path, true) : undefined;
      return value === undefined ? part.source : literal(asText(value));
    })
    .join('');
}

/** As a template that means this very text. */
function literal(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** References of a command, and whether each stands where only a number can. */
function checked(
  { command, at }: { readonly command: string; readonly at: Position },
  lookup: Lookup,
  report: Report,
  deps: readonly DepBinding[],
): readonly { readonly ref: Reference; readonly number: boolean }[] {
  const parts = parseTemplate(command);
  const placements = placementsIn(parts);
  return parts
    .filter((part): part is Reference => part.kind === 'ref')
    .map((ref, index) => {
      const placement = placements[index];
      const [head, name, form] = ref.path;
      const gathered =
        head === 'deps' &&
        form === undefined &&
        deps.some((dep) => dep.kind === 'gather' && dep.name === name);
      if (placement?.kind === 'quoted' && gathered)
        report(
          'shell-context',
          at,
          `\`${ref.source}\` is several paths, and inside quotes they would be one word`,
          `take it out of the quotes, or read the file \${deps.${name}.list}, which has one path per line`,
        );
      const number = placement?.kind === 'arithmetic';
      if (number && lookup(ref.path, true) === undefined) report(...notNumber(ref, at, undefined));
      return { ref, number };
    });
}

function notNumber(ref: Reference, at: Position, value: Json | undefined): Parameters<Report> {
  const is = value === undefined ? 'a path' : JSON.stringify(value);
  return [
    'shell-context',
    at,
    `\`${ref.source}\` stands where the shell calculates, which would run what is in it; it is ${is}`,
    'only a number can stand there; compare text with `=` in `[ … ]`',
  ];
}
