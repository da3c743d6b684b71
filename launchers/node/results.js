// What handlers return and throw.
'use strict';

const LONGEST = 65536; // characters of an error's message or trace

// A body that is encoded already.
class Json {
  constructor(text) {
    this.text = text;
  }
}

// What `process.exit` throws in a handler, so that no more of it runs.
class Exit extends Error {
  constructor(code) {
    super(`the code called process.exit(${code ?? ''})`);
    this.name = 'Exit';
  }
}

// A handler or its file that cannot be used: a `B` frame.
class Broken extends Error {
  constructor(kind, message, cause) {
    super(message);
    this.kind = kind;
    this.reason = cause;
  }
}

// Texts or bytes that come one after the other; null when the value is something else.
function streamOf(value) {
  if (typeof value !== 'object') return null;
  if (typeof value[Symbol.asyncIterator] === 'function') return value;
  if (typeof value.getReader === 'function') return readAll(value.getReader()); // older ReadableStreams cannot be iterated
  const isGenerator = typeof value.next === 'function' && typeof value[Symbol.iterator] === 'function';
  return isGenerator ? value : null;
}

async function* readAll(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function encode(value) {
  if (value instanceof Json) return value.text;
  const text = JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value);
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be returned: it is neither text, bytes nor JSON`);
  return text;
}

// Anything may be thrown, also what throws when it is looked at. Lone surrogates are replaced.
function describe(error) {
  const text = read => {
    try {
      return Buffer.from(String(read()).slice(0, LONGEST)).toString();
    } catch {
      return '(it cannot be shown)';
    }
  };
  const isError = error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
  if (!isError) return { type: typeof error, message: text(() => (typeof error === 'object' ? JSON.stringify(error) : error)), trace: '' };
  return { type: text(() => error.name || 'Error'), message: text(() => error.message), trace: text(() => traceOf(error)) };
}

function traceOf(error) {
  const traces = [ownPart(error.stack ?? `${error.name}: ${error.message}`)];
  for (let cause = error.cause; cause && traces.length < 8; cause = cause.cause) traces.push(`caused by: ${ownPart(cause.stack ?? cause)}`);
  return traces.join('\n');
}

// Without the launcher's own lines.
const ownPart = stack => String(stack).split('\n').filter(line => !line.includes(`${__dirname}/`)).join('\n');

module.exports = { Broken, Exit, Json, describe, encode, streamOf };
