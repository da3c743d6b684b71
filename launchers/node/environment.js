// What a handler gets as its second argument; nothing is parsed before it is asked for.
'use strict';

const FROM_HEADER = ['method', 'path', 'path_info', 'query', 'query_string', 'headers', 'content_type', 'accept', 'id', 'deadline', 'asynchronous', 'identity'];

class Environment {
  constructor(header) {
    this._header = header; // JSON, until the first question
    this._code = undefined;
    this._headers = undefined;
  }

  get _request() {
    if (typeof this._header === 'string') this._header = this._header === '' ? {} : JSON.parse(this._header);
    return this._header;
  }

  get code() {
    return this._code ?? (this.asynchronous ? 202 : 200);
  }

  set code(code) {
    this._code = code;
  }

  get response_headers() {
    return (this._headers ??= {});
  }

  set response_headers(headers) {
    this._headers = headers;
  }

  toJSON() {
    const all = {};
    for (const name of [...FROM_HEADER, 'code', 'response_headers', 'function', 'variables']) all[name] = this[name];
    return all;
  }

  // For `console.log(environment)`.
  [Symbol.for('nodejs.util.inspect.custom')]() {
    return this.toJSON();
  }
}

for (const name of FROM_HEADER) Object.defineProperty(Environment.prototype, name, { get() { return this._request[name]; } });

// One class for each function: `function` and `variables` are the same in all of its calls.
function environmentClass(load) {
  return class extends Environment {
    get function() {
      return load.function;
    }

    get variables() {
      return (this._variables ??= { ...load.variables });
    }
  };
}

// The header of an answer; `ofStream`: whether pieces are texts or bytes, which the host cannot know before the last one.
function answerHeader(environment, ofStream) {
  const code = environment._code;
  const given = environment._headers;
  if (code === undefined && given === undefined && ofStream === undefined) return '';
  const answer = {};
  if (code !== undefined) {
    answer.code = Number(code);
    if (!Number.isInteger(answer.code)) throw new TypeError(`environment.code must be a whole number from 200 to 599, not ${String(code)}`);
  }
  const headers = {};
  for (const [name, value] of typeof given?.entries === 'function' ? given.entries() : Object.entries(given ?? {})) {
    if (value !== undefined && value !== null) headers[name] = Array.isArray(value) ? value.map(String) : String(value);
  }
  if (ofStream !== undefined && !Object.keys(headers).some(name => name.toLowerCase() === 'content-type')) {
    headers['content-type'] = ofStream === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  }
  if (Object.keys(headers).length > 0) answer.headers = headers;
  return JSON.stringify(answer).replace(/\\ud[89a-f]../g, '\\ufffd');
}

module.exports = { answerHeader, environmentClass };
