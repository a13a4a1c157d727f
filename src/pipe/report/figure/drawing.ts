/** What is asked of the process that draws figures, and what it answers. */
import type { JsonObject } from '../../../lib/json.ts';
import type { RenderedFigure } from './vega.ts';

export interface DrawRequest {
  readonly name: string;
  /** What the picture is called. */
  readonly label: string;
  readonly spec: JsonObject;
}

/** A figure as it is drawn, and as it is kept between reports. */
export interface KeptFigure {
  readonly drawn: RenderedFigure;
  /** Compiled with interaction; null when there is nothing to interact with. */
  readonly live: JsonObject | null;
}

export type DrawReply = 'ready' | { readonly figure: KeptFigure } | { readonly error: string };
