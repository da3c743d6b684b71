// Frames on descriptors 3 and 4, as PROTOCOL.md has them.
'use strict';
const fs = require('node:fs');

const HEAD = 9; // type, length of the header, length of the body
const BUFFER = 65536;
const { writeSync } = fs; // a handler may replace it
const exit = process.exit.bind(process);
const scratch = Buffer.allocUnsafeSlow(BUFFER);

// A descriptor of our own, so that a handler that closes 3 or 4 hurts itself only; close-on-exec, as all that fs opens.
function ownDescriptor(number, flags) {
  try {
    return fs.openSync(`/dev/fd/${number}`, flags);
  } catch {
    return number;
  }
}
const input = ownDescriptor(3, 'r');
const output = ownDescriptor(4, 'w');

// Bun does it; Node marks what it was started with; Deno hands 3 and 4 on to children.
function closeOnExec() {
  if (!globalThis.Deno) return;
  const library = globalThis.Deno.build.os === 'darwin' ? 'libSystem.dylib' : 'libc.so.6';
  const libc = globalThis.Deno.dlopen(library, { fcntl: { parameters: ['i32', 'i32', 'i32'], result: 'i32' } });
  for (const number of [3, 4]) libc.symbols.fcntl(number, 2 /* F_SETFD */, 1 /* FD_CLOEXEC */);
}

function writeAll(buffer, length) {
  for (let written = 0; written < length;) {
    try {
      written += writeSync(output, buffer, written, length - written);
    } catch (error) {
      if (error.code === 'EPIPE') exit(0); // the host has gone
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

// `header` is JSON or empty, `body` a text or a Uint8Array. A frame is one write, a small one without an allocation.
function send(type, header, body) {
  const isText = typeof body === 'string';
  let frame = scratch;
  if (HEAD + header.length * 3 + (isText ? body.length * 3 : body.byteLength) > BUFFER) {
    frame = Buffer.allocUnsafeSlow(HEAD + Buffer.byteLength(header) + (isText ? Buffer.byteLength(body) : body.byteLength));
  }
  const headerLength = header === '' ? 0 : frame.write(header, HEAD);
  const start = HEAD + headerLength;
  let bodyLength = body.byteLength;
  if (isText) bodyLength = body === '' ? 0 : frame.write(body, start);
  else frame.set(body, start);
  frame[0] = type.charCodeAt(0);
  frame.writeUInt32BE(headerLength, 1);
  frame.writeUInt32BE(bodyLength, 5);
  writeAll(frame, start + bodyLength);
}

// Calls `onFrame(type, buffer, header's begin, body's begin, end)`; the buffer is read into again afterwards.
function reader(onFrame) {
  let partial = null; // a frame that has not come whole, or the beginning of one
  let filled = 0;
  const sizeAt = (buffer, at) => HEAD + buffer.readUInt32BE(at + 1) + buffer.readUInt32BE(at + 5);
  const take = (buffer, at, size) => onFrame(buffer[at], buffer, at + HEAD, at + HEAD + buffer.readUInt32BE(at + 1), at + size);

  return function receive(count, buffer) {
    for (let at = 0; at < count;) {
      if (partial === null) {
        const size = count - at >= HEAD ? sizeAt(buffer, at) : HEAD;
        if (count - at >= size) {
          take(buffer, at, size);
          at += size;
          continue;
        }
        partial = Buffer.allocUnsafeSlow(size);
      }
      const copied = buffer.copy(partial, filled, at, Math.min(count, at + partial.length - filled));
      filled += copied;
      at += copied;
      if (filled < partial.length) continue;
      const whole = partial;
      const size = sizeAt(whole, 0);
      partial = null;
      if (size > filled) {
        partial = Buffer.allocUnsafeSlow(size);
        whole.copy(partial);
      } else {
        filled = 0;
        take(whole, 0, size);
      }
    }
    return true;
  };
}

// Reads without holding up the event loop. What it returns can be told, by `ref` and `unref` in Node, whether waiting for frames keeps the process alive.
function listen(onFrame, onEnd) {
  const receive = reader(onFrame);
  const buffer = Buffer.allocUnsafeSlow(BUFFER);
  if (globalThis.Bun) {
    readBun(receive).then(onEnd, onEnd);
  } else if (globalThis.Deno) {
    const read = () => fs.read(input, buffer, 0, BUFFER, null, (error, count) => (count > 0 ? (receive(count, buffer), read()) : onEnd()));
    read();
  } else {
    // The socket's own buffer: no allocation and no stream between the pipe and us.
    const { Socket } = require('node:net');
    return new Socket({ fd: input, readable: true, writable: false, onread: { buffer, callback: receive } }).on('end', onEnd).on('error', onEnd);
  }
  return {};
}

async function readBun(receive) {
  for await (const piece of globalThis.Bun.file(input).stream()) receive(piece.length, Buffer.from(piece.buffer, piece.byteOffset, piece.length));
}

module.exports = { closeOnExec, listen, send };
