import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownUrl } from '../../../assets/loadgen/websocket/shown-url.ts';

test('a URL is shown without what may be a secret', () => {
  const shown: Readonly<Record<string, string>> = {
    'ws://host/room': 'ws://host/room',
    'ws://host/': 'ws://host/',
    'ws://me:pass@host:81/a?b=c&d&e=f=g': 'ws://host:81/a?b=...&...&e=...',
    'WSS://me@host/?token=x#y': 'WSS://host/?token=...',
    '//me:pa@ss@host/@?': '//host/@',
    '/room?token=x': '/room?token=...',
    '#token=x': '',
    'wss:me:pass@host/a': 'wss:host/a',
    'ws:///me:pass@host/@b': 'ws:///host/@b',
    'https:\\\\me:pass@host/': 'https:\\\\host/',
    'ws://me:pa/ss@host/': 'ws://host/',
    'ws://me:pa?s#s@host/a?b=c': 'ws://host/a?b=...',
  };
  for (const [url, text] of Object.entries(shown)) assert.equal(shownUrl(url), text);
});
