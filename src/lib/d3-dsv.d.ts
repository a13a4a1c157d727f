/** What is used of d3-dsv, which has no typings of its own. */
declare module 'd3-dsv' {
  /** Records of comma-separated values, the first line among them. */
  export function csvParseRows(text: string): string[][];
}
