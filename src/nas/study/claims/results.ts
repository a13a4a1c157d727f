/** The results that claims speak about, as functions of the claim language, over all seeds or over a resample of them. */
import { parseArchitecture } from '../../space/architecture.ts';
import { kendall } from '../../rank/kendall.ts';
import { spreadOf } from '../../rank/spread.ts';
import { operationUsage } from '../../figures/usage.ts';
import type { SummaryRow } from '../aggregate.ts';
import { type ClaimFunction, MissingResult } from './expression.ts';
