/** Conditions of steps as GitHub reads them, as far as action.yml uses them: values, texts, `==`, `!=`, `&&`, `||`, brackets, `always()`. */

type Token = { readonly text: string; readonly kind: 'text' | 'value' | 'sign' };

/** `read` gives what a path such as `github.event_name` holds; '' where there is nothing. @throws Error for what it cannot read */
export function isTrue(condition: string, read: (path: string) => string): boolean {
  const tokens = tokensOf(condition);
  let at = 0;
  const sign = (text: string) => tokens[at]?.kind === 'sign' && tokens[at]?.text === text;
  const value = either();
  if (at < tokens.length) throw new Error(`cannot read ${condition} from ${tokens[at]?.text}`);
  return value !== '' && value !== 'false';

  function either(): string {
    let left = both();
    while (sign('||')) {
      at++;
      const right = both();
      left = left === '' || left === 'false' ? right : left;
    }
    return left;
  }

  function both(): string {
    let left = equality();
    while (sign('&&')) {
      at++;
      const right = equality();
      left = left === '' || left === 'false' ? left : right;
    }
    return left;
  }

  function equality(): string {
    const left = operand();
    if (!sign('==') && !sign('!=')) return left;
    const same = tokens[at++]?.text === '==';
    // GitHub compares texts without regard to case.
    return String((left.toLowerCase() === operand().toLowerCase()) === same);
  }

  function operand(): string {
    const token = tokens[at++];
    if (token?.kind === 'text') return token.text;
    if (token?.kind === 'value') return token.text === 'always()' ? 'true' : read(token.text);
    if (token?.text !== '(') throw new Error(`cannot read ${condition}`);
    const inner = either();
    if (tokens[at++]?.text !== ')') throw new Error(`a bracket is open in ${condition}`);
    return inner;
  }
}

function tokensOf(condition: string): readonly Token[] {
  const pattern = /\s*(?:'([^']*)'|(always\(\)|[a-z][\w.-]*)|(&&|\|\||==|!=|\(|\)))/gy;
  const tokens: Token[] = [];
  while (pattern.lastIndex < condition.trimEnd().length) {
    const [, text, value, sign] = pattern.exec(condition) ?? [];
    if (text !== undefined) tokens.push({ text, kind: 'text' });
    else if (value !== undefined) tokens.push({ text: value, kind: 'value' });
    else if (sign !== undefined) tokens.push({ text: sign, kind: 'sign' });
    else throw new Error(`cannot read the condition ${condition}`);
  }
  return tokens;
}
