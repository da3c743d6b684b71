// The floor of a warm Node worker: frames from stdin, one answered after the other, and nothing else. `loop.js echo|add`.
'use strict';
const fs = require('node:fs');

const handlers = {
  echo: (body) => ['T', body],
  add: (body) => {
    const { a, b } = JSON.parse(body);
    return ['J', Buffer.from(JSON.stringify({ sum: a + b }))];
  },
};

function serve(handler) {
  let input = Buffer.allocUnsafe(65536);
  let length = 0;
  for (;;) {
    const got = fs.readSync(0, input, length, input.length - length, null);
    if (got === 0) return;
    length += got;
    const whole = length < 9 ? 9 : 9 + input.readUInt32BE(1) + input.readUInt32BE(5);
    if (whole > input.length) input = Buffer.concat([input], whole);
    if (length < whole) continue;
    const [kind, body] = handler(input.subarray(9 + input.readUInt32BE(1), whole));
    length = 0;
    const answer = Buffer.allocUnsafe(9 + body.length);
    answer[0] = kind.charCodeAt(0);
    answer.writeUInt32BE(0, 1);
    answer.writeUInt32BE(body.length, 5);
    body.copy(answer, 9);
    for (let at = 0; at < answer.length; ) at += fs.writeSync(1, answer, at);
  }
}

serve(handlers[process.argv[2]]);
