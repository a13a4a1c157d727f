/** For each rule of the pipeline file, texts that break it. The reference page shows the first of each. */
import { formCases } from './diagnostic-cases/form.ts';
import { meaningCases } from './diagnostic-cases/meaning.ts';

export const diagnosticCases = [...formCases, ...meaningCases];
