/** Text of others (stages, files, the system) made safe for a terminal. */

/**
 * Without escape sequences and other control characters: they could move the cursor, set the title, or write over what
 * was said before. Line ends and tabs stay. Bidirectional controls go too: they make a line read as another one.
 */
export function printable(text: string): string {
  return text
    .replaceAll(escapeSequence, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** CSI, OSC (ended by BEL or ST), other strings (DCS, SOS, PM, APC), and two-character sequences (ECMA-48). */
const escapeSequence =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]/g;
