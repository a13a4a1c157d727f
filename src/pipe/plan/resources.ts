/** What a stage asks for, from its filled-in `resources`. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { byteSize } from '../config/byte-size.ts';
import type { Resources } from './graph.ts';

// prettier-ignore

/** `capacity` holds the resources that the file defines; one core is taken when nothing is said. */
export function resourcesOf(
  given: JsonObject,
  capacity: ReadonlyMap<string, number>,
  where: (name: string) => Position,
  report: Report,
): Resources {
  const named: Record<string, number> = {};
  const amounts = { cpu: 1, gpu: 0, memory: 0 };
  const memorySteps: number[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (name === 'memory') {
      const sizes = (Array.isArray(value) ? value : [value]).map((one: Json) => byteSize(one));
      const [first = 0, ...steps] = sizes.map((bytes) => bytes ?? 0);
      const grows = [first, ...steps].every(
        (bytes, index, all) => index === 0 || bytes > (all[index - 1] ?? 0),
      );
      if (sizes.includes(null) || !grows)
        report(
          'wrong-value',
          where(name),
          '`memory` is a number of bytes or text such as `4GiB`, or a list of them that grows',
        );
      else {
        amounts.memory = first;
        memorySteps.push(...steps);
      }
      continue;
    }
    if (typeof value !== 'number' || !(value >= 0) || (name === 'gpu' && !Number.isInteger(value))) {
      const what = name === 'gpu' ? 'a whole number, 0 or more' : 'a number, 0 or more';
      report('wrong-value', where(name), `\`${name}\` must be ${what}, it is ${JSON.stringify(value)}`);
      continue;
    }
    if (name === 'cpu' || name === 'gpu') {
      amounts[name] = value;
      continue;
    }
    const limit = capacity.get(name);
    if (limit === undefined) {
      const hint = didYouMean(name, ['cpu', 'gpu', 'memory', ...capacity.keys()]);
      const declare = `say how much there is: resources: {${name}: 1} at the top of the file`;
      report('unknown-resource', where(name), `no resource is called \`${name}\``, hint ?? declare);
    } else if (value > limit) {
      const message = `${value} of \`${name}\` exceeds what the file defines (${limit})`;
      report('too-much', where(name), message);
    } else named[name] = value;
  }
  return { ...amounts, named, ...(memorySteps.length === 0 ? {} : { memorySteps }) };
}
