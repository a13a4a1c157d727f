// The parts of Vega bring no types; the whole of it does. Only what vega-runtime.ts uses.
declare module 'vega-view' {
  export { View } from 'vega';
}
declare module 'vega-parser' {
  export { parse } from 'vega';
}
declare module 'vega-dataflow' {
  export const transforms: object;
}
declare module 'vega-encode';
declare module 'vega-transforms';
declare module 'vega-view-transforms';
