/**
 * A URL, whole or relative, as it may be shown and kept: without user, password and fragment, and with `...` for each value in its query,
 * for any of these may be a secret.
 */
export function shownUrl(text: string): string {
  // Where no host can be told, all before the last @ may be a secret.
  const known = URL.canParse(text, 'ws://host') ? text : text.replace(/^(\w+:\/\/)?.*@/s, '$1');
  const [place = '', query] = (known.split('#', 1)[0] ?? '').split(/\?(.*)/s);
  // A scheme may be followed by any number of slashes, of either kind.
  const open = place.replace(/^([a-z][a-z0-9+.-]*:[/\\]*|[/\\]{2,})[^/\\]*@/i, '$1');
  if (query === undefined || query === '') return open;
  return `${open}?${query.replaceAll(/[^&]+/g, (part) => `${part.includes('=') ? part.slice(0, part.indexOf('=') + 1) : ''}...`)}`;
}
