/**
 * A URL, whole or relative, as it may be shown and kept: without user, password and fragment, and with `...` for each value in its query,
 * for any of these may be a secret.
 */
export function shownUrl(text: string): string {
  const [place = '', query] = (text.split('#', 1)[0] ?? '').split(/\?(.*)/s);
  const open = place.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//');
  if (query === undefined || query === '') return open;
  return `${open}?${query.replaceAll(/[^&]+/g, (part) => `${part.includes('=') ? part.slice(0, part.indexOf('=') + 1) : ''}...`)}`;
}
