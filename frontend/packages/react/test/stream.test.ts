import { expect, test } from 'vitest';
import { eventParser, type StreamEvent } from '../src/watch.js';

test('a stream is cut into events wherever its parts end', () => {
  const text = ': hello\n\nid: 1\nevent: status\ndata: {"a":1}\n\nid: 2\r\ndata:x\r\ndata: y\r\n\r\n';
  for (const size of [1, 2, 3, 7, text.length]) {
    const events: StreamEvent[] = [];
    const parse = eventParser((event) => events.push(event));
    for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size));
    expect(events, `in parts of ${size}`).toEqual([
      { id: '1', data: '{"a":1}' },
      { id: '2', data: 'x\ny' },
    ]);
  }
});
