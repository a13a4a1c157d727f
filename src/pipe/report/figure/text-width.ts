/**
 * Widths of text set in Arial, so that labels are laid out in Node as a browser will draw them.
 *
 * Thousandths of an em, from the hmtx tables of Liberation Sans 2 (regular and bold), whose metrics are Arial's and
 * Helvetica's. Characters that are not here take the width of a digit, capitals of other scripts included.
 */
const regular = table(
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584',
  '278 333 556 556 556 556 260 556 333 737 370 556 584 333 737 552 400 549 333 333 333 576 537 278 333 333 365 556 834 834 834 611 667 667 667 667 667 667 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778 778 778 584 778 722 722 722 722 667 667 611 556 556 556 556 556 556 889 500 556 556 556 556 278 278 278 278 556 556 556 556 556 556 556 549 611 556 556 556 556 500 556 500',
  '667 667 551 668 667 611 722 778 278 667 668 833 722 650 778 722 667 0 618 611 667 798 667 835 748 278 667 578 446 556 222 547 578 575 500 557 446 441 556 556 222 500 500 576 500 448 556 690 569 482 617 395 547 648 525 713 781',
  { '‘': 222, '’': 222, '“': 333, '”': 333 },
);
const bold = table(
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584',
  '278 333 556 556 556 556 280 556 333 737 370 556 584 333 737 552 400 549 333 333 333 576 556 278 333 333 365 556 834 834 834 611 722 722 722 722 722 722 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778 778 778 584 778 722 722 722 722 667 667 611 556 556 556 556 556 556 889 556 556 556 556 556 278 278 278 278 611 611 611 611 611 611 611 549 611 611 611 611 611 556 611 556',
  '722 722 601 719 667 611 722 778 278 722 667 833 722 644 778 722 667 0 600 611 667 821 667 809 802 278 667 615 451 611 278 582 615 610 556 606 475 460 611 541 278 558 556 612 556 445 611 766 619 520 684 446 582 715 576 753 845',
  { '‘': 278, '’': 278, '“': 500, '”': 500 },
);
const digit = 556;

/** The font stack whose metrics these are. */
export const fontStack = 'Arial, "Liberation Sans", Helvetica, Arimo, sans-serif';

/** Width in pixels of one line of text at a font size in pixels. */
export function textWidth(text: string, fontSize: number, isBold = false): number {
  const widths = isBold ? bold : regular;
  let sum = 0;
  for (const character of text) sum += widths.get(character) ?? digit;
  return (sum * fontSize) / 1000;
}

function table(
  ascii: string,
  latin1: string,
  greek: string,
  quotes: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const widths = new Map<string, number>();
  const add = (from: number, list: string): void => {
    for (const [i, width] of list.split(' ').entries())
      if (width !== '0') widths.set(String.fromCodePoint(from + i), Number(width));
  };
  add(32, ascii);
  add(160, latin1);
  add(0x391, greek);
  for (const character of '±≤≥≈≠√') widths.set(character, 549);
  for (const character of '—…→←™') widths.set(character, 1000);
  for (const character of '–†‡€') widths.set(character, 556);
  for (const character of '∞∑') widths.set(character, 713);
  for (const character of '−×') widths.set(character, 584);
  widths.set('•', 350);
  for (const [character, width] of Object.entries(quotes)) widths.set(character, width);
  return widths;
}
