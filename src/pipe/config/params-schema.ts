/** `paramsSchema` of a pipeline file: what params may be, as a JSON Schema. Without one a param has the type of its default. */
import { z } from 'zod';
import type { DiagnosedText, Report } from '../../lib/diagnostics/diagnostics.ts';
import { kindWords } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import { entryOf, nodeAt, toJson, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';

/** Where params were given: a file's own, a profile's or those of --set. */
export interface ParamsLayer {
  /** The map of params; undefined: none were given here. */
  readonly node: YamlNode | undefined;
  readonly source: SourceText;
  /** Where a mistake stands that no value here makes alone. */
  readonly at: { readonly start: number; readonly end: number };
}

export class ParamsSchema {
  readonly #schema: JsonObject;
  readonly #type: z.ZodType;

  private constructor(schema: JsonObject, type: z.ZodType) {
    this.#schema = schema;
    this.#type = type;
  }

  /** Null where the file has none, or one that is not understood, which is reported. */
  static in(root: YamlNode, { source, report }: DiagnosedText): ParamsSchema | null {
    const entry = entryOf(root, 'paramsSchema');
    if (!entry) return null;
    const schema = toJson(entry.value);
    try {
      if (!isJsonObject(schema)) throw new Error('a schema is a map');
      return new ParamsSchema(schema, z.fromJSONSchema(explicit(schema)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const hint = 'it is a JSON Schema: {type: object, properties: {epochs: {type: integer, minimum: 1}}}';
      report('bad-schema', source.at(entry.value), `\`paramsSchema\` is not understood: ${reason}`, hint);
      return null;
    }
  }

  /** The schema's `type` of a param; null: it says nothing of the param. */
  typeOf(path: readonly string[]): Json {
    let schema: Json = this.#schema;
    for (const name of path) {
      const properties: Json | undefined = isJsonObject(schema) ? schema.properties : undefined;
      if (!isJsonObject(properties) || !Object.hasOwn(properties, name)) return null;
      schema = properties[name] ?? null;
    }
    return isJsonObject(schema) ? (schema.type ?? 'any') : 'any';
  }

  /**
   * Reports what is wrong with `params` at the value of `layer` that makes it so. What was wrong `before` the layer is not
   * reported again. Gives all that is wrong.
   */
  check(
    params: JsonObject,
    layer: ParamsLayer,
    report: Report,
    before: ReadonlySet<string> = new Set(),
  ): ReadonlySet<string> {
    const mistakes = new Set<string>();
    for (const issue of this.#type.safeParse(params).error?.issues ?? []) {
      const name = JSON.stringify([issue.path.map(String), issue.code, issue.message]);
      mistakes.add(name);
      if (!before.has(name)) explain(issue, layer, report);
    }
    return mistakes;
  }
}

const mapKeywords = ['properties', 'required', 'additionalProperties', 'patternProperties'];
const numberKeywords = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const textKeywords = ['pattern', 'minLength', 'maxLength'];

/** With the type that a schema's keywords are about, where it names none: without one they would hold for nothing. */
function explicit(schema: JsonObject): JsonObject {
  const has = (keywords: readonly string[]) => keywords.some((keyword) => Object.hasOwn(schema, keyword));
  const found: Record<string, Json> = {};
  if (schema.type === undefined) {
    if (has(mapKeywords)) found.type = 'object';
    else if (has(numberKeywords)) found.type = 'number';
    else if (has(textKeywords)) found.type = 'string';
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const named = keyword === 'properties' || keyword === '$defs' || keyword === 'definitions';
    if (named && isJsonObject(value))
      found[keyword] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
    else if (['items', 'additionalProperties', 'not'].includes(keyword)) found[keyword] = inner(value);
    else if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(keyword) && Array.isArray(value))
      found[keyword] = value.map(inner);
    else found[keyword] = value;
  }
  return found;
}

function inner(schema: Json): Json {
  return isJsonObject(schema) ? explicit(schema) : schema;
}

function explain(issue: z.core.$ZodIssue, { node, source, at }: ParamsLayer, report: Report): void {
  const found = node && nodeAt(node, issue.path);
  const here = found && found.found === issue.path.length ? found : null;
  const place = source.at(here && issue.path.length > 0 ? here.node : at);
  const param = issue.path.length === 0 ? '`params`' : `param \`${issue.path.map(String).join('.')}\``;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const span = node && nodeAt(node, [...issue.path, key]).keySpan;
      report(
        'unknown-param',
        span ? source.at(span) : place,
        `${param} has no \`${key}\` in \`paramsSchema\``,
      );
    }
  } else if (issue.code === 'invalid_type')
    report('wrong-type', place, `${param} must be ${kindWords[issue.expected] ?? issue.expected}`, byHint);
  else if (issue.code === 'invalid_value') {
    const values = issue.values.map((value) => JSON.stringify(value));
    const given =
      here?.node.kind === 'scalar' ? didYouMean(String(here.node.value), issue.values.map(String)) : null;
    report('wrong-value', place, `${param} must be ${values.join(' or ')}`, given ?? byHint);
  } else report('wrong-value', place, `${param}: ${issue.message}`, byHint);
}

const byHint = '`paramsSchema` says so';
