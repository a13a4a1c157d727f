/** The canonical text of a pickle, the same as test/golden/bench/canonical.py writes: all that it holds, bit for bit. */
import { kinds, type Node } from '../../../src/nas/pickle/tape.ts';

export function canonical(node: Node): string {
  const out: string[] = [];
  write(node, out, 0);
  return out.join('\n');
}

function write(node: Node, out: string[], depth: number): void {
  if (depth > 50) throw new Error('nested deeper than any benchmark file');
  switch (node.kind) {
    case kinds.none:
      out.push('N');
      return;
    case kinds.bool:
      out.push(node.number() === 1 ? 'T' : 'F');
      return;
    case kinds.float: {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setFloat64(0, node.number()!);
      out.push(`f${bytes.getBigUint64(0).toString(16).padStart(16, '0')}`);
      return;
    }
    case kinds.int:
    case kinds.bigint:
      out.push(`i${node.bigint()}`);
      return;
    case kinds.text:
      out.push(`s${Buffer.byteLength(node.text()!)}:${node.text()}`);
      return;
    case kinds.bytes:
    case kinds.latin1:
      out.push(`b${Buffer.from(node.rawBytes()!).toString('hex')}`);
      return;
    case kinds.set: {
      const items = [...node.items()].sort((a, b) => a.number()! - b.number()!);
      out.push(`S(${items.length})`);
      for (const item of items) write(item, out, depth + 1);
      return;
    }
    case kinds.dict:
    case kinds.list:
    case kinds.tuple: {
      const size = node.kind === kinds.dict ? node.size / 2 : node.size;
      out.push(`${node.kind === kinds.dict ? 'D' : node.kind === kinds.list ? 'L' : 'U'}(${size})`);
      for (const item of node.items()) write(item, out, depth + 1);
      return;
    }
    default:
      throw new Error(`a value of kind ${node.kind}`);
  }
}
