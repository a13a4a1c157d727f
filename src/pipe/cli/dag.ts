/** `pipe dag`: the graph with the matrix collapsed, as text or Mermaid; --cells opens the matrix. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Graph } from '../plan/graph.ts';
import { type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf } from './project.ts';

export const dag: Command = {
  name: 'dag',
  summary: 'draw the graph, as text or Mermaid',
  usage: '[flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    format: { type: 'string', value: 'text|mermaid', help: 'How to draw it (default: text)' },
    cells: { type: 'boolean', help: 'One node per cell in place of one per stage' },
  },
  examples: [
    ['pipe dag', 'stages in order, with what each reads'],
    ['pipe dag --format mermaid > dag.mmd', 'for a Markdown page'],
  ],
  async run(parsed, invocation) {
    const { graph } = await planOf(parsed, invocation, { checkFiles: false });
    const nodes = parsed.is('cells') ? cellNodes(graph) : stageNodes(graph);
    const format = parsed.text('format') ?? 'text';
    if (parsed.is('json')) printJson(invocation, nodes);
    else if (format === 'text') invocation.stdout.write(asText(nodes));
    else if (format === 'mermaid') invocation.stdout.write(asMermaid(nodes));
    else {
      throw new UserError(`--format takes text or mermaid, not '${format}'`, { code: exitCode.usage });
    }
    return exitCode.ok;
  },
};

interface Node {
  readonly name: string;
  readonly label: string;
  readonly reads: readonly string[];
}

function stageNodes(graph: Graph): Node[] {
  return [...graph.stages.values()].map(({ name, axes, cells, reads }) => ({
    name,
    label: axes.length > 0 ? `${name} × ${cells.length} (${axes.join(', ')})` : name,
    reads,
  }));
}

function cellNodes(graph: Graph): Node[] {
  return [...graph.cells.values()].map(({ id, upstream, deps }) => ({
    name: id,
    label: id,
    reads: [...upstream, ...deps.flatMap((dep) => (dep.kind === 'source' ? [`source.${dep.source}`] : []))],
  }));
}

function asText(nodes: readonly Node[]): string {
  return nodes
    .map(
      ({ label, reads }) =>
        `${label}\n${reads.map((name, i) => `  ${i === reads.length - 1 ? '└' : '├'}─ ${name}\n`).join('')}`,
    )
    .join('');
}

function asMermaid(nodes: readonly Node[]): string {
  const ids = new Map<string, string>();
  const idOf = (name: string) => {
    if (!ids.has(name)) ids.set(name, `n${ids.size}`);
    return ids.get(name)!;
  };
  const quoted = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;
  const boxes = nodes.map(({ name, label }) => `  ${idOf(name)}[${quoted(label)}]`);
  const known = new Set(nodes.map(({ name }) => name));
  const outside = new Set(nodes.flatMap(({ reads }) => reads.filter((name) => !known.has(name))));
  const cylinders = [...outside].map((name) => `  ${idOf(name)}[(${quoted(name)})]`);
  const arrows = nodes.flatMap(({ name, reads }) => reads.map((from) => `  ${idOf(from)} --> ${idOf(name)}`));
  return `${['flowchart LR', ...cylinders, ...boxes, ...arrows].join('\n')}\n`;
}
