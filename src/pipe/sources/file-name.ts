/** The name under which a download is kept. */

/** The last part of a url's path, as a safe file name. */
export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').filter(Boolean).at(-1) ?? '';
  return last.replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '') || 'download';
}
