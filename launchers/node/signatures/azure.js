// The signature of Azure Functions, model v3: `module.exports = async (context, req)` with or without function.json; v4 is azure-v4.js.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { format } = require('node:util');
const { loadFile, pick } = require('../loading.js');
const { Broken } = require('../results.js');
const { Route } = require('./azure-routes.js');
const { addHeader, cookieText, headerEntries, isJson, mediaType, origin, ownPath, textOf } = require('./http.js');

const USUAL = ['.', 'default', 'run', 'index', 'lambda', 'handler'];
const DEFAULT_BINDINGS = [{ type: 'httpTrigger', direction: 'in', name: 'req' }, { type: 'http', direction: 'out', name: 'res' }];

async function load(spec) {
  const v4 = require('./azure-v4.js');
  const app = v4.provideCore();
  const exported = await loadFile(spec.folder, spec.file);
  for (const other of v4.otherFiles(spec)) await loadFile(spec.folder, other);
  const functions = app.registered.length > 0 ? v4.functionsOf(app, spec) : [functionOf(spec, exported)];
  functions.sort((left, right) => right.route.literals - left.route.literals);
  return (input, environment) => {
    const [chosen, params] = choose(functions, environment);
    if (chosen !== undefined) return chosen.call(input, environment, params);
    environment.code = 404;
    return '';
  };
}

// The function that a path belongs to, below the function's name or with it: /f/hello is the route `hello` of the folder hello.
function choose(functions, environment) {
  const rest = ownPath(environment).replace(/^\/+|\/+$/g, '');
  const takes = one => one.methods.length === 0 || one.methods.includes(environment.method);
  for (const tried of [rest, `${environment.function}/${rest}`.replace(/\/$/, '')]) {
    for (const one of functions) {
      const params = takes(one) ? one.route.match(tried) : null;
      if (params !== null) return [one, params];
    }
  }
  return rest === '' && functions.length === 1 && takes(functions[0]) ? [functions[0], {}] : [];
}

function readDescription(spec) {
  for (const folder of [path.dirname(path.join(spec.folder, spec.file)), spec.folder]) {
    const file = path.join(folder, 'function.json');
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
    } catch (error) {
      if (error.code !== 'ENOENT') throw new Broken('load', `${path.relative(spec.folder, file)}: ${error.message}`, error);
    }
  }
  return {};
}

function functionOf(spec, exported) {
  const description = readDescription(spec);
  const bindings = description.bindings ?? DEFAULT_BINDINGS;
  const trigger = bindings.find(binding => binding.type?.toLowerCase() === 'httptrigger');
  if (trigger === undefined) throw new Broken('load', 'function.json has no httpTrigger; nothing else can call the function here');
  const foreign = bindings.find(binding => binding !== trigger && binding.direction === 'in');
  if (foreign !== undefined) throw new Broken('load', `function.json: the input binding ${foreign.name} (${foreign.type}) is not to be had here`);
  const only = typeof exported === 'object' && exported !== null ? Object.keys(exported).filter(name => typeof exported[name] === 'function') : [];
  const handler = pick(exported, spec.handler ?? description.entryPoint ?? null, only.length === 1 ? [...USUAL, only[0]] : USUAL, spec.file);
  const folder = path.dirname(path.join(spec.folder, spec.file));
  const name = path.dirname(spec.file) === '.' ? spec.function : path.basename(folder);
  const described = { handler, trigger, name, folder, out: bindings.find(binding => binding.type === 'http' && binding.direction === 'out')?.name };
  const route = trigger.route ?? (description.bindings === undefined ? '{*rest}' : name);
  return {
    methods: (trigger.methods ?? []).map(method => method.toUpperCase()),
    route: new Route(route),
    call: (input, environment, params) => call(described, input, environment, params),
  };
}

function call(described, input, environment, params) {
  const request = requestOf(input, environment, params);
  return new Promise((resolve, reject) => {
    const response = new Response(() => finish());
    const context = contextOf(described, environment, request, response, params);
    const finish = result => resolve(responseOf(described, context, response, result));
    context.done = (error, result) => (error ? reject(error) : finish(result));
    const result = described.handler(context, request);
    if (typeof result?.then === 'function') result.then(finish, reject);
    else if (result !== undefined) finish(result);
    // Else `context.done` or `context.res.send` is to come.
  }).then(response => answer(environment, response));
}

function requestOf(input, environment, params) {
  const { scheme, host } = origin(environment);
  const query = environment.query_string === '' ? '' : `?${environment.query_string}`;
  const { headers } = environment;
  const url = `${scheme}://${host}${environment.path}${query}`;
  const rawBody = textOf(input) ?? input.toString('latin1');
  return {
    method: environment.method, url, originalUrl: url, headers, query: environment.query, params, user: null,
    body: input.length === 0 ? undefined : bodyOf(input, environment.content_type), rawBody: input.length === 0 ? undefined : rawBody, bufferBody: input,
    get: field => headers[field.toLowerCase()],
    parseFormBody: () => new URLSearchParams(rawBody),
  };
}

function bodyOf(input, contentType) {
  const type = mediaType(contentType);
  if (type === 'application/octet-stream' || type.startsWith('multipart/')) return input;
  const text = textOf(input);
  if (text === null) return input;
  if (!isJson(contentType) && type !== '') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function contextOf({ name, folder, trigger, out }, environment, request, response, params) {
  const write = stream => (...values) => stream.write(`${format(...values)}\n`);
  const log = (...values) => process.stdout.write(`${format(...values)}\n`);
  Object.assign(log, { error: write(process.stderr), warn: write(process.stderr), info: log, verbose: log });
  return {
    invocationId: environment.id,
    bindings: { [trigger.name]: request },
    bindingData: { ...environment.query, ...params, headers: request.headers, invocationId: environment.id,
      sys: { methodName: name, utcNow: new Date().toISOString(), randGuid: require('node:crypto').randomUUID() } },
    bindingDefinitions: [{ name: trigger.name, type: 'httpTrigger', direction: 'in' }, { name: out ?? 'res', type: 'http', direction: 'out' }],
    executionContext: { invocationId: environment.id, functionName: name, functionDirectory: folder, retryContext: null },
    traceContext: { traceparent: request.headers.traceparent, tracestate: request.headers.tracestate, attributes: {} },
    log, req: request, res: response,
  };
}

// The order of Azure: what is returned for `$return`; else the outputs by their names; else `context.bindings`, else `context.res`.
function responseOf({ out }, context, response, result) {
  if (out === '$return' && result !== undefined) return result;
  if (result !== null && typeof result === 'object' && out !== undefined && result[out] !== undefined) return result[out];
  const bound = context.bindings[out ?? 'res'];
  if (bound !== undefined) return bound;
  if (context.res !== response || response.used) return context.res;
  return result; // more than Azure does: a response that is returned without a `$return` binding
}

// `context.res`, also with the methods of Express.
class Response {
  #done;

  constructor(done) {
    this.#done = done;
    this.headers = {};
    this.cookies = [];
  }

  get used() {
    return this.body !== undefined || this.statusCode !== undefined || this.cookies.length > 0 || Object.keys(this.headers).length > 0;
  }

  status(code) {
    this.statusCode = code;
    return this;
  }

  end(body) {
    if (body !== undefined) this.body = body;
    this.statusCode ??= 200;
    this.#done();
    return this;
  }

  send(body) {
    return this.end(body);
  }

  json(body) {
    return this.type('application/json').end(typeof body === 'string' ? JSON.stringify(body) : body);
  }

  sendStatus(code) {
    return this.status(code).end();
  }

  setHeader(name, value) {
    this.headers[name.toLowerCase()] = value;
    return this;
  }

  getHeader(name) {
    return this.headers[name.toLowerCase()];
  }

  removeHeader(name) {
    delete this.headers[name.toLowerCase()];
    return this;
  }

  type(type) {
    return this.setHeader('content-type', type);
  }
}
for (const [name, same] of [['set', 'setHeader'], ['header', 'setHeader'], ['get', 'getHeader']]) Response.prototype[name] = Response.prototype[same];

function answer(environment, response) {
  if (response === undefined || response === null) {
    environment.code = 204;
    return '';
  }
  if (typeof response !== 'object' || Buffer.isBuffer(response)) return bodyText(environment, response);
  const status = typeof response.status === 'function' ? response.statusCode : (response.status ?? response.statusCode);
  environment.code = status === undefined ? 200 : Number(status);
  for (const [name, value] of headerEntries(response.headers)) {
    if (value !== undefined && value !== null) addHeader(environment, name, value);
  }
  for (const cookie of response.cookies ?? []) addHeader(environment, 'set-cookie', typeof cookie === 'string' ? cookie : cookieText(cookie));
  if (response.jsonBody !== undefined) {
    environment.response_headers['content-type'] ??= 'application/json';
    return JSON.stringify(response.jsonBody);
  }
  return bodyText(environment, response.body);
}

// Texts, bytes and streams go as they are, all else as JSON.
function bodyText(environment, body) {
  if (body === undefined || body === null) return '';
  const isPlain = typeof body === 'string' || body instanceof Uint8Array || body instanceof ArrayBuffer
    || typeof body.getReader === 'function' || typeof body[Symbol.asyncIterator] === 'function';
  if (isPlain) return body;
  environment.response_headers['content-type'] ??= 'application/json';
  return JSON.stringify(body);
}

module.exports = { answer, load };
