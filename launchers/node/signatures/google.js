// The signature of Google Cloud Functions: `(req, res)` and, through google-events.js, events. The Functions Framework's server is not needed.
'use strict';
const Module = require('node:module');
const path = require('node:path');
const { loadFile, locate, pick, provideModule } = require('../loading.js');
const { Broken } = require('../results.js');
const { answerOf, call } = require('./express.js');
const { badRequest, isJson, mediaType, ownPath, textOf } = require('./http.js');

const FRAMEWORK = '@google-cloud/functions-framework';
const USUAL = ['function', 'handler', 'lambda', 'helloWorld', 'default', '.'];
const NOT_FOUND = ['/favicon.ico', '/robots.txt'];

async function load(spec) {
  const registry = provideRegistry(locate(spec.folder, spec.file));
  const exported = await loadFile(spec.folder, spec.file);
  const name = spec.handler ?? process.env.FUNCTION_TARGET ?? null;
  const names = [...registry.keys()];
  const declared = registry.get(name ?? (registry.has(spec.function) ? spec.function : names.length === 1 ? names[0] : undefined));
  if (declared === undefined && names.length > 0 && exported?.[name] === undefined) {
    throw new Broken('missing', `${spec.file} declares no function ${name ?? 'called ' + spec.function}; it declares ${names.join(', ')}`);
  }
  const handler = declared?.handler ?? pick(exported, name, usualOf(exported), spec.file);
  // What declares the function decides, before run.json does.
  const kind = declared?.kind ?? (spec.signature === 'google' ? 'http' : kindOfEvent(handler));
  if (kind === 'typed') return (input, environment) => typed(declared, input, environment);
  if (kind !== 'http') return require('./google-events.js').handlerOf(kind, handler, declared !== undefined);
  return (input, environment) => {
    if (NOT_FOUND.includes(ownPath(environment))) {
      environment.code = 404;
      return '';
    }
    let body;
    try {
      body = bodyOf(input, environment.content_type);
    } catch (error) {
      return badRequest(environment, `the body is no JSON: ${error.message}`);
    }
    return call(handler, input, body, environment);
  };
}

// The usual names, then the only function that there is.
function usualOf(exported) {
  const names = typeof exported === 'object' && exported !== null ? Object.keys(exported).filter(name => typeof exported[name] === 'function') : [];
  return names.length === 1 ? [...USUAL, names[0]] : USUAL;
}

// `f(data, context)` is for background events, `f(cloudEvent)` for CloudEvents.
function kindOfEvent(handler) {
  const given = process.env.FUNCTION_SIGNATURE_TYPE;
  if (given === 'event' || given === 'cloudevent') return given;
  return handler.length === 1 ? 'cloudevent' : 'event';
}

// What `functions.http('name', …)` and the like declare: by way of the framework's own registry where it is installed.
function provideRegistry(file) {
  const registry = new Map();
  const declare = kind => (name, handler) => registry.set(name, { kind, handler: handler.handler ?? handler, format: handler.format });
  const declares = { http: declare('http'), cloudEvent: declare('cloudevent'), typed: declare('typed') };
  let installed = null;
  try {
    installed = require(path.join(path.dirname(Module.createRequire(file).resolve(FRAMEWORK)), 'function_registry.js'));
  } catch {
    provideModule(FRAMEWORK, declares);
  }
  for (const [kind, own] of Object.entries(declares)) {
    const original = installed?.[kind];
    if (original === undefined) continue;
    installed[kind] = (name, handler) => {
      original(name, handler);
      own(name, handler);
    };
  }
  return registry;
}

function bodyOf(input, contentType) {
  if (input.length === 0) return {};
  const type = mediaType(contentType);
  const text = textOf(input);
  if (isJson(contentType)) return JSON.parse(input);
  if (type === 'application/x-www-form-urlencoded') return formOf(text ?? '');
  if (type.startsWith('text/')) return text ?? input;
  if (type !== '' || text === null) return input;
  try {
    return JSON.parse(text);
  } catch {
    return input;
  }
}

function formOf(text) {
  const form = {};
  for (const [name, value] of new URLSearchParams(text)) form[name] = name in form ? [].concat(form[name], value) : value;
  return form;
}

async function typed({ handler, format }, input, environment) {
  let request;
  try {
    request = format ? format.deserializeRequest({ body: () => input.toString() }) : JSON.parse(input);
  } catch (error) {
    return badRequest(environment, `the body cannot be read: ${error.message}`);
  }
  const result = await handler(request);
  if (!format) return answerOf(environment, result);
  const pieces = [];
  const write = data => void (data !== undefined && pieces.push(Buffer.from(data)));
  format.serializeResponse({ write, end: write, setHeader: (name, value) => { environment.response_headers[name.toLowerCase()] = value; } }, result);
  return Buffer.concat(pieces);
}

module.exports = { load };
