/** The keys of a JSON Schema's map as a table of a reference page. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly $ref?: string;
}

export function schemaTable({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(
    ([key, value]) =>
      `| \`${key}\`${required.includes(key) ? ' *' : ''} | ${typeText(value)} | ${(value.description ?? '').replaceAll('|', '\\|')} |`,
  );
  return ['| key | type | |', '|---|---|---|', ...rows].join('\n');
}

function typeText(schema: Schema | boolean | undefined): string {
  if (typeof schema !== 'object') return 'any value';
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (schema.$ref) return 'any value';
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (schema.properties) return 'map';
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeText).join(', ')}]`;
  if (schema.type === 'array') return `list of ${plural(typeText(schema.items))}`;
  if (schema.type === 'object') return `map of ${plural(typeText(schema.additionalProperties))}`;
  const words: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', null: 'null' };
  return [schema.type ?? 'any value']
    .flat()
    .map((type) => words[type] ?? type)
    .join(' or ');
}

/** What is itself put together is only named. */
function plural(type: string): string {
  return /^(map|list)\b/.test(type) && !type.includes(' or ') ? `${type.split(' ')[0]}s` : type;
}
