/** What a page holds of a figure besides its picture, for the reader who asks for it: figure-data.ts writes it, the client reads it. */
import type { JsonObject } from '../../../lib/json.ts';

export interface PageFigure {
  readonly spec: JsonObject;
  readonly csv: string | null;
  /** The compiled form, for interaction. Data that `spec` holds too is {"$from": path into spec}. */
  readonly live?: JsonObject;
}
