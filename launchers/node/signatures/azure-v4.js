// Azure Functions, model v4: what `app.http(…)` of @azure/functions registers, without Azure's worker.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { format } = require('node:util');
const { provideModule } = require('../loading.js');
const { Broken } = require('../results.js');
const { Route } = require('./azure-routes.js');
const { addHeader, origin, ownPath } = require('./http.js');

const CORE = '@azure/functions-core'; // a module that only Azure's worker has

// Lets @azure/functions find its worker; returns what it will register.
function provideCore() {
  const app = { registered: [], hooks: { preInvocation: [], postInvocation: [], appStart: [] } };
  let model;
  class Disposable {
    #dispose;

    constructor(dispose) {
      this.#dispose = dispose;
    }

    static from(...all) {
      return new Disposable(() => all.forEach(one => one.dispose()));
    }

    dispose() {
      this.#dispose?.();
    }
  }
  const core = {
    version: '3.10.1', hostVersion: '4.1036.0', Disposable,
    registerFunction(metadata, callback) {
      app.registered.push({ metadata, callback });
      return new Disposable(() => {});
    },
    registerHook(name, callback) {
      (app.hooks[name] ??= []).push(callback);
      return new Disposable(() => {});
    },
    setProgrammingModel: given => { model = given; },
    getProgrammingModel: () => model,
    log(level, category, message) {
      if (level === 'warning' || level === 'error' || level === 'critical') process.stderr.write(`${message}\n`);
    },
  };
  provideModule(CORE, core);
  return app;
}

function functionsOf(app, spec) {
  const library = libraryOf(spec);
  const names = app.registered.map(({ metadata }) => metadata.name);
  const http = app.registered
    .map(({ metadata, callback }) => ({ metadata, callback, trigger: Object.values(metadata.bindings).find(one => one.type?.toLowerCase() === 'httptrigger') }))
    .filter(({ metadata, trigger }) => trigger !== undefined && (!spec.handler || metadata.name === spec.handler));
  if (http.length === 0) throw new Broken('missing', `${spec.file} has no function ${spec.handler ?? 'with an HTTP trigger'}; its functions: ${names.join(', ')}`);
  return http.map(({ metadata, callback, trigger }) => {
    const route = new Route(trigger.route ?? metadata.name);
    return {
      methods: (trigger.methods ?? []).map(method => method.toUpperCase()),
      route,
      call: (input, environment, params) => call({ app, library, route, metadata, callback }, input, environment, params),
    };
  });
}

// Azure's own template has `"main": "src/{index.js,functions/*.js}"`: all of them register functions.
function otherFiles(spec) {
  let main = '';
  try {
    main = JSON.parse(fs.readFileSync(path.join(spec.folder, 'package.json'), 'utf8')).main ?? '';
  } catch {
    return []; // Node has its own words for a package.json that is wrong
  }
  if (!/[*{?]/.test(main)) return [];
  const pattern = new RegExp(`^${patternOf(main.replace(/^\.\//, ''))}$`);
  const files = [...namesBelow(spec.folder, '')].filter(file => pattern.test(file)).sort();
  return files.includes(spec.file) ? files.filter(file => file !== spec.file) : [];
}

function patternOf(glob) {
  const parts = { '**/': '(?:.*/)?', '*': '[^/]*', '?': '[^/]', '{': '(?:', '}': ')', ',': '|' };
  return glob.replace(/\*\*\/|[*?{},]|[.+^$()|[\]\\]/g, found => parts[found] ?? `\\${found}`);
}

function* namesBelow(folder, prefix) {
  for (const entry of fs.readdirSync(path.join(folder, prefix), { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) yield* namesBelow(folder, `${prefix}${entry.name}/`);
    else yield prefix + entry.name;
  }
}

// The very copy that the function uses.
function libraryOf(spec) {
  const file = path.join(spec.folder, spec.file);
  return Module.createRequire(file)('@azure/functions');
}

async function call({ app, library, route, metadata, callback }, input, environment, params) {
  const { scheme, host } = origin(environment);
  const query = environment.query_string === '' ? '' : `?${environment.query_string}`;
  const url = `${scheme}://${host}${route.isWholeApp ? ownPath(environment) : environment.path}${query}`;
  const request = new library.HttpRequest({
    url, method: environment.method, headers: environment.headers, params, body: input.length === 0 ? undefined : { bytes: input },
  });
  const context = new library.InvocationContext({
    invocationId: environment.id, functionName: metadata.name,
    logHandler: (level, ...values) => {
      const stream = level === 'warning' || level === 'error' ? process.stderr : process.stdout;
      stream.write(`${format(...values)}\n`);
    },
  });
  const invocation = { hookData: {}, appHookData: {}, invocationContext: context, functionCallback: callback, functionHandler: callback, inputs: [request] };
  for (const hook of app.hooks.preInvocation) await hook(invocation);
  let error = null;
  try {
    invocation.result = await (invocation.functionHandler ?? invocation.functionCallback)(...invocation.inputs, context);
  } catch (thrown) {
    error = thrown;
  }
  for (const hook of app.hooks.postInvocation) await hook(Object.assign(invocation, { error }));
  if (error !== null) throw error;
  const { answer } = require('./azure.js');
  const { result } = invocation;
  if (result instanceof library.HttpResponse) return answerOf(environment, result);
  if (result !== undefined && result !== null && typeof result !== 'object') {
    throw new TypeError(`an HTTP function returns an object with status, headers, body or jsonBody, not a ${typeof result}`);
  }
  return answer(environment, result);
}

function answerOf(environment, response) {
  const { answer } = require('./azure.js');
  const { status, headers, cookies, body } = response;
  const type = headers.get('content-type');
  if (type !== null) addHeader(environment, 'content-type', type);
  headers.delete('content-type');
  return answer(environment, { status, headers, cookies, body });
}

module.exports = { functionsOf, otherFiles, provideCore };
