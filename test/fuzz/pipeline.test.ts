import { expect, test } from 'vitest';
import { loadPipeline } from '../../src/pipe/config/load.ts';
import { plan } from '../../src/pipe/plan/plan.ts';
import { fuzzPipelines, seeds } from './pipeline.ts';

test('2,000 mutated pipeline files give a plan or diagnostics with positions', () => {
  const { planned, refused } = fuzzPipelines(2000, 20);
  expect(planned + refused).toBe(2000);
  expect(planned).toBeGreaterThan(20);
});

test.each(seeds)('what is mutated is sound itself: %#', (text) => {
  const { document, diagnostics } = loadPipeline(text, 'pipeline.yaml', { profile: null, set: [] });
  expect([...diagnostics, ...(document ? plan(document).diagnostics : [])]).toEqual([]);
});
