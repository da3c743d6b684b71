// `(req, res)` as Express has them, on Node's own classes, so that whole Express applications and middleware work too.
'use strict';
const { IncomingMessage, STATUS_CODES, ServerResponse } = require('node:http');
const { PassThrough, Writable } = require('node:stream');
const { origin, ownPath, textOf } = require('./http.js');

const TYPES = {
  html: 'text/html; charset=utf-8', text: 'text/plain; charset=utf-8', txt: 'text/plain; charset=utf-8', json: 'application/json; charset=utf-8',
  js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', csv: 'text/csv; charset=utf-8', xml: 'application/xml', svg: 'image/svg+xml',
  bin: 'application/octet-stream', form: 'application/x-www-form-urlencoded', pdf: 'application/pdf', png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg',
  gif: 'image/gif', webp: 'image/webp', ico: 'image/x-icon', zip: 'application/zip',
};
const OWN_BUSINESS = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']; // the host's
const mimeOf = type => (type.includes('/') ? type : (TYPES[type.replace(/^\./, '')] ?? 'application/octet-stream'));

// Takes what Node would send over the network, and tells the head from the body.
class Socket extends Writable {
  constructor(onBody) {
    super({ decodeStrings: false });
    this.onBody = onBody;
    this.head = null;
  }

  _write(data, encoding, done) {
    let bytes = typeof data === 'string' ? Buffer.from(data, encoding) : data;
    if (this.head === null) {
      const end = bytes.indexOf('\r\n\r\n'); // Node writes the head at once
      this.head = bytes.toString('latin1', 0, end).split('\r\n');
      bytes = bytes.subarray(end + 4);
    }
    if (bytes.length > 0) this.onBody(bytes);
    done();
  }

  setTimeout() {
    return this;
  }

  setKeepAlive() {
    return this;
  }
}

function call(handler, input, body, environment) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    let stream = null;
    const socket = new Socket(bytes => {
      if (stream !== null) return void stream.write(bytes);
      pieces.push(bytes);
      // What is not finished by then comes piece by piece.
      if (pieces.length === 1) setImmediate(() => setImmediate(() => !response.writableFinished && begin()));
    });
    const request = new Request(socket, input, body, environment);
    const response = new Response(request, socket);
    request.res = response;
    const begin = () => {
      stream = new PassThrough();
      stream.on('error', () => {}); // whoever reads it is told
      for (const piece of pieces) stream.write(piece);
      setHead(environment, socket.head);
      resolve(stream);
    };
    response.on('finish', () => {
      if (stream !== null) return void stream.end();
      setHead(environment, socket.head);
      const whole = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      resolve(environment.response_headers['content-type'] === undefined ? (textOf(whole) ?? whole) : whole);
    });
    const fail = error => (stream === null ? reject(error) : stream.destroy(error));
    response.on('close', () => response.writableFinished || fail(new Error('the response was destroyed before its end')));
    const result = handler(request, response);
    if (typeof result?.then === 'function') result.then(undefined, fail);
  });
}

function setHead(environment, [statusLine, ...lines]) {
  environment.code = Number(statusLine.split(' ', 2)[1]);
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (OWN_BUSINESS.includes(name)) continue;
    headers[name] = headers[name] === undefined ? value : [].concat(headers[name], value);
  }
  environment.response_headers = headers;
}

class Request extends IncomingMessage {
  constructor(socket, input, body, environment) {
    super(socket);
    const { host, port, name, scheme } = origin(environment);
    const query = environment.query_string === '' ? '' : `?${environment.query_string}`;
    const path = ownPath(environment);
    socket.remoteAddress = environment._request.remote_address;
    socket.encrypted = scheme === 'https';
    Object.assign(this, { method: environment.method, url: path + query, originalUrl: path + query, baseUrl: '', httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 });
    this.headers = { host, ...environment.headers };
    this.rawHeaders = Object.entries(this.headers).flat();
    Object.assign(this, { params: { 0: path.slice(1) }, query: queryOf(environment.query_string), body, rawBody: input, _body: true });
    this._shared = { host, hostname: name, port, protocol: scheme, path, ip: environment._request.remote_address };
    this.executionId = environment.id;
    this.complete = true;
    if (input.length > 0) this.push(input);
    this.push(null);
  }

  get(name) {
    const key = name.toLowerCase();
    return key === 'referer' || key === 'referrer' ? (this.headers.referer ?? this.headers.referrer) : this.headers[key];
  }

  header(name) {
    return this.get(name);
  }

  is(...types) {
    const own = (this.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
    return own === '' ? false : (types.flat().find(type => fits(own, mimeOf(type).split(';', 1)[0])) ?? false);
  }

  accepts(...types) {
    const accepted = (this.headers.accept || '*/*').split(',').map(one => one.split(';', 1)[0].trim().toLowerCase());
    return types.flat().find(type => accepted.some(range => fits(mimeOf(type).split(';', 1)[0], range))) ?? false;
  }
}

for (const name of ['host', 'hostname', 'protocol', 'path', 'ip']) Object.defineProperty(Request.prototype, name, { configurable: true, get() { return this._shared[name]; } });
for (const [name, value] of Object.entries({
  secure: request => request.protocol === 'https', xhr: request => request.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest',
  ips: () => [], subdomains: () => [], fresh: () => false, stale: () => true,
})) Object.defineProperty(Request.prototype, name, { configurable: true, get() { return value(this); } });

function fits(type, range) {
  const [kind, subtype] = type.split('/');
  const [wantedKind, wantedSubtype] = range.split('/');
  return (wantedKind === '*' || wantedKind === kind) && (wantedSubtype === '*' || wantedSubtype === subtype);
}

function queryOf(text) {
  const query = {};
  for (const [name, value] of new URLSearchParams(text)) query[name] = query[name] === undefined ? value : [].concat(query[name], value);
  return query;
}

class Response extends ServerResponse {
  constructor(request, socket) {
    super(request);
    this.req = request;
    this.locals = {};
    this.useChunkedEncodingByDefault = false;
    this.shouldKeepAlive = false;
    this.sendDate = false;
    this.assignSocket(socket);
    // Of a head that was copied from elsewhere; it would put lengths between the pieces. Own, for Express changes the prototype.
    const { setHeader } = this;
    this.setHeader = (name, value) => (name.toLowerCase() === 'transfer-encoding' ? this : setHeader.call(this, name, value));
  }

  status(code) {
    this.statusCode = code;
    return this;
  }

  sendStatus(code) {
    return this.status(code).type('txt').send(STATUS_CODES[code] ?? String(code));
  }

  send(body) {
    if (body === undefined || body === null) return this.end();
    if (typeof body === 'string') {
      if (!this.hasHeader('content-type')) this.type('html');
      return this.end(body);
    }
    if (!ArrayBuffer.isView(body)) return this.json(body);
    if (!this.hasHeader('content-type')) this.type('bin');
    return this.end(body);
  }

  json(body) {
    if (!this.hasHeader('content-type')) this.type('json');
    return this.end(JSON.stringify(body));
  }

  jsonp(body) {
    return this.json(body);
  }

  set(name, value) {
    if (typeof name === 'object') for (const [one, given] of Object.entries(name)) this.set(one, given);
    else this.setHeader(name, Array.isArray(value) ? value.map(String) : String(value));
    return this;
  }

  get(name) {
    return this.getHeader(name);
  }

  type(type) {
    return this.set('content-type', mimeOf(type));
  }

  append(name, value) {
    const before = this.getHeader(name);
    return this.set(name, before === undefined ? value : [].concat(before, value));
  }

  vary(name) {
    return this.append('vary', name);
  }

  location(url) {
    return this.set('location', encodeURI(decodeURI(url === 'back' ? (this.req.get('referrer') ?? '/') : url)));
  }

  redirect(...given) {
    const url = given.find(one => typeof one === 'string');
    const status = given.find(one => typeof one === 'number') ?? 302;
    return this.status(status).location(url).type('txt').send(`${STATUS_CODES[status]}. Redirecting to ${url}`);
  }

  cookie(name, value, options = {}) {
    const text = typeof value === 'object' ? `j:${JSON.stringify(value)}` : String(value);
    const { cookieText } = require('./http.js');
    const maxAge = options.maxAge === undefined ? {} : { maxAge: Math.floor(options.maxAge / 1000), expires: Date.now() + options.maxAge };
    const sameSite = options.sameSite === true ? 'Strict' : options.sameSite;
    return this.append('set-cookie', cookieText({ path: '/', ...options, ...maxAge, sameSite, name, value: text }));
  }

  clearCookie(name, options) {
    return this.cookie(name, '', { ...options, maxAge: undefined, expires: 1 });
  }

  attachment(file) {
    if (file) this.type(file.split('.').pop());
    return this.set('content-disposition', file ? `attachment; filename="${file.split('/').pop()}"` : 'attachment');
  }

  format(handlers) {
    const type = this.req.accepts(Object.keys(handlers).filter(one => one !== 'default'));
    if (type) this.type(type);
    const handler = handlers[type] ?? handlers.default;
    if (handler) handler(this.req, this);
    else this.sendStatus(406);
    return this;
  }
}
Object.assign(Response.prototype, { header: Response.prototype.set, contentType: Response.prototype.type });

// What an event's or a typed function returned, as `res.send` would have it; nothing is 204.
function answerOf(environment, result) {
  if (result === undefined || result === null) environment.code = 204;
  return result;
}

module.exports = { answerOf, call };
