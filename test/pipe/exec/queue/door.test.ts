import { expect, test } from 'vitest';
import { Door } from '../../../../src/pipe/exec/queue/door.ts';

test('a door lets in only as many as there is room for, in the order they came', async () => {
  let beyond = 0;
  const door = new Door(2, () => beyond);
  const entered: string[] = [];
  const come = async (name: string) => {
    const through = await door.enter();
    entered.push(name);
    return through;
  };
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(come);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(entered).toEqual(['a', 'b']);
  // One that is through waits beyond: nobody takes its place until it is gone from there.
  beyond = 1;
  (await a)?.();
  await turn();
  expect(entered).toEqual(['a', 'b']);
  beyond = 0;
  door.open();
  await turn();
  expect(entered).toEqual(['a', 'b', 'c']);
  (await b)?.();
  (await b)?.();
  await turn();
  expect(entered).toEqual(['a', 'b', 'c', 'd']);
  (await c)?.();
  (await d)?.();
});
