/**
 * The small language of claims.yaml: numbers, + − * /, parentheses, 'texts' and functions over the results, such as
 * `tau_a('S/no-zero') - tau_a('S/all')` or `max(A('S/all', 10), A('S/all', 'random'))`.
 */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'negative'; readonly of: Expression }
  | {
      readonly kind: 'operator';
      readonly operator: '+' | '-' | '*' | '/';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

/** A function of the language. It throws MissingResult for what was not run and SyntaxError for wrong arguments. */
export type ClaimFunction = (args: readonly (number | string)[]) => number;

/** What an expression asks for has not been run, or is undefined: the claim stays undecided. */
export class MissingResult extends Error {
  override readonly name = 'MissingResult';
}

type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text' | 'name' | 'sign'; readonly value: string };

/** Throws SyntaxError that quotes the expression and says what is wrong. */
export function parseExpression(text: string): Expression {
  const tokens = tokenise(text);
  let at = 0;
  const fail = (problem: string): never => {
    throw new SyntaxError(`'${text}': ${problem}`);
  };
  const isSign = (...signs: readonly string[]): boolean => {
    const token = tokens[at];
    return token?.kind === 'sign' && signs.includes(token.value);
  };
  const expect = (sign: string): void => {
    if (!isSign(sign))
      fail(`a '${sign}' is missing${at < tokens.length ? ` before '${tokens[at]!.value}'` : ''}`);
    at++;
  };
  const chain = (next: () => Expression, signs: readonly ('+' | '-' | '*' | '/')[]): Expression => {
    let left = next();
    for (;;) {
      const operator = signs.find((sign) => isSign(sign));
      if (operator === undefined) return left;
      at++;
      left = { kind: 'operator', operator, left, right: next() };
    }
  };
  const sum = (): Expression => chain(product, ['+', '-']);
  const product = (): Expression => chain(factor, ['*', '/']);
  const factor = (): Expression => {
    const token = tokens[at];
    if (token === undefined) return fail('it ends too early');
    at++;
    if (token.kind === 'number') return { kind: 'number', value: token.value };
    if (token.kind === 'text') return { kind: 'text', value: token.value };
    if (token.kind === 'name') return call(token.value);
    if (token.value === '-') return { kind: 'negative', of: factor() };
    if (token.value !== '(') return fail(`'${token.value}' is out of place`);
    const inner = sum();
    expect(')');
    return inner;
  };
  const call = (name: string): Expression => {
    expect('(');
    const args: Expression[] = [];
    while (!isSign(')')) {
      if (args.length > 0) {
        if (!isSign(',')) break;
        at++;
      }
      args.push(sum());
    }
    expect(')');
    return { kind: 'call', name, args };
  };
  const whole = sum();
  return at < tokens.length ? fail(`'${tokens[at]!.value}' is out of place`) : whole;
}

/** The expressions that an expression is made of. */
export function operandsOf(of: Expression): readonly Expression[] {
  if (of.kind === 'negative') return [of.of];
  if (of.kind === 'operator') return [of.left, of.right];
  return of.kind === 'call' ? of.args : [];
}

/** The expression's value. Throws SyntaxError for an unknown function or a text where a number must stand. */
export function evaluateExpression(
  expression: Expression,
  functions: Readonly<Record<string, ClaimFunction>>,
): number {
  const value = (of: Expression): number | string => {
    if (of.kind === 'number' || of.kind === 'text') return of.value;
    if (of.kind === 'negative') return -number(of.of);
    if (of.kind === 'operator') {
      const [left, right] = [number(of.left), number(of.right)];
      if (of.operator === '+') return left + right;
      if (of.operator === '-') return left - right;
      return of.operator === '*' ? left * right : left / right;
    }
    const known = Object.hasOwn(functions, of.name) ? functions[of.name] : undefined;
    if (!known)
      throw new SyntaxError(`no function ${of.name}; there are ${Object.keys(functions).sort().join(', ')}`);
    return known(of.args.map(value));
  };
  const number = (of: Expression): number => {
    const result = value(of);
    if (typeof result === 'number') return result;
    throw new SyntaxError(`'${result}' stands where a number must`);
  };
  const result = number(expression);
  if (!Number.isFinite(result)) throw new MissingResult('the effect is not finite');
  return result;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:(\d+(?:\.\d+)?)|'([^']*)'|([A-Za-z_]\w*)|([-+*/(),]))/y;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new SyntaxError(`'${text}': cannot read on at '${text.slice(at).trim().slice(0, 12)}'`);
    const [, number, quoted, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name });
    else tokens.push({ kind: 'sign', value: sign! });
    at = pattern.lastIndex;
  }
  return tokens;
}
