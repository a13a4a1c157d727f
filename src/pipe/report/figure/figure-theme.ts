/**
 * How figures look unless their specification says otherwise. Text, axes and grid have colours of their own that
 * nothing else uses, so that the page's style sheet can turn exactly these over in the dark.
 */
import { fontStack } from './text-width.ts';

export const figureColours = {
  text: '#23272e',
  quiet: '#5b626d',
  axis: '#8b919b',
  grid: '#e7e8ea',
} as const;

/** Vega-Lite configuration; a specification's own wins. */
export const figureConfig = {
  background: null,
  font: fontStack.replace(/"/g, "'"),
  padding: 6,
  title: {
    color: figureColours.text,
    subtitleColor: figureColours.quiet,
    fontSize: 13,
    fontWeight: 600,
    anchor: 'start',
    offset: 10,
  },
  axis: {
    labelColor: figureColours.quiet,
    titleColor: figureColours.text,
    domainColor: figureColours.axis,
    tickColor: figureColours.axis,
    gridColor: figureColours.grid,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    tickSize: 4,
  },
  // Flush with the axis: a label that stands out above the panel would lift its title above its neighbours'.
  axisY: { labelFlush: true },
  header: {
    labelColor: figureColours.text,
    titleColor: figureColours.text,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: {
    labelColor: figureColours.text,
    titleColor: figureColours.text,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    symbolStrokeWidth: 2,
    symbolOpacity: 1,
    labelLimit: 320,
  },
  view: { stroke: figureColours.grid },
  text: { color: figureColours.text },
  rule: { color: figureColours.axis },
  line: { strokeWidth: 2 },
  point: { filled: true, size: 36 },
} as const;
