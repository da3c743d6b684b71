// Finds and loads the handler's file and the handler in it.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { Broken } = require('./results.js');

const ENDINGS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];
const NEEDS_IMPORT = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);

function locate(folder, file) {
  const whole = path.resolve(folder, file);
  const found = [whole, ...ENDINGS.map(ending => whole + ending)].find(name => fs.statSync(name, { throwIfNoEntry: false })?.isFile());
  if (found === undefined) throw new Broken('missing', `there is no file ${file} in the function's folder`);
  return found;
}

// What package.json says of files named .js and .ts.
function isModulePackage(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error.code !== 'ENOENT') throw new Broken('load', `${path.join(folder, 'package.json')}: ${error.message}`, error);
    }
    if (folder === path.dirname(folder)) return false;
  }
}

function checkTypeScript(file) {
  if (!/\.[mc]?ts$/.test(file) || globalThis.Bun || globalThis.Deno || process.features.typescript) return;
  if (process.execArgv.includes('--experimental-strip-types')) return; // Node 22.6 to 22.9 do not tell
  throw new Broken('load', `${path.basename(file)} is TypeScript, which Node ${process.versions.node} cannot run: install Node 22.18 or newer, `
    + 'or set "language" to "bun" or "deno", or compile it to JavaScript');
}

async function loadFile(folder, name) {
  const file = locate(folder, name);
  checkTypeScript(file);
  process.argv[1] = file;
  const byImport = /\.m[jt]s$/.test(file) || (!/\.c[jt]s$/.test(file) && isModulePackage(file));
  let first;
  try {
    if (!byImport) return require(file);
  } catch (error) {
    // An ES module without the name of one: nothing of it has run yet.
    const unread = error instanceof SyntaxError && String(error.stack).startsWith(`${file}:`);
    if (!NEEDS_IMPORT.has(error?.code) && !unread) throw broken(file, error);
    first = error;
  }
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw broken(file, first instanceof SyntaxError && error instanceof SyntaxError && !/import|export|await/.test(first.message) ? first : error);
  }
}

function broken(file, error) {
  if (error instanceof Broken) return error;
  const name = path.basename(file);
  const message = error?.message ?? String(error);
  if (error instanceof SyntaxError) {
    const [place, trace] = placeOf(error, file);
    if (trace !== undefined) error.stack = trace;
    return new Broken('syntax', `SyntaxError in ${place}: ${message}`, error);
  }
  if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
    const hint = /^Cannot find (module|package) '[^./]/.test(message) ? '; is it in package.json and has `npm install` been run in the folder?' : '';
    return new Broken('import', `${name}: ${message.split('\n', 1)[0]}${hint}`, error);
  }
  return new Broken('load', error instanceof Error ? `${name}: ${error.name}: ${message}` : `${name} threw the ${typeof error} ${message}`, error);
}

// `lambda.js:3`. Node begins the stack with it, but not that of an ES module: there a second Node is asked.
function placeOf(error, file) {
  const pattern = /^(?:file:\/\/)?(\/.*:\d+)$/m;
  const known = pattern.exec(String(error.stack).split('\n', 1)[0]);
  if (known !== null) return [path.basename(known[1])];
  const name = path.basename(file);
  if (globalThis.Bun || globalThis.Deno) return [name];
  const { spawnSync } = require('node:child_process');
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'ignore', 'pipe'] });
  const found = pattern.exec((stderr ?? '').split('\n', 1)[0]);
  return found === null ? [`${name} or a file that it imports`] : [path.basename(found[1]), stderr];
}

// The handler called `name` (`a.b` is a property of a property), else the first of `usual` that is a function; `.` is what the file exports as a whole.
function pick(exported, name, usual, file) {
  const get = path => {
    if (path === '.') return exported;
    let value = exported?.[path] ?? exported?.default?.[path];
    if (value === undefined && path.includes('.')) {
      const follow = from => path.split('.').reduce((object, key) => object?.[key], from);
      value = follow(exported) ?? follow(exported?.default);
    }
    return value;
  };
  for (const path of name === null ? usual : [name]) {
    const value = get(path);
    if (typeof value === 'function') return value;
    if (name !== null && value !== undefined) throw new Broken('missing', `${file}: ${name} is no function but a ${value === null ? 'null' : typeof value}`);
  }
  const described = key => (typeof exported[key] === 'function' ? key : `${key} (${typeof exported[key]})`);
  const names = exported === null || exported === undefined ? [] : Object.keys(exported).map(described);
  const wanted = name ?? usual.filter(one => one !== '.').join(' or ');
  throw new Broken('missing', `${file} exports no ${wanted}; it exports ${names.length > 0 ? names.join(', ') : 'nothing'}`);
}

// Lets `require(name)` find a module that lies nowhere.
function provideModule(name, exports) {
  if (globalThis.Bun) {
    globalThis.Bun.plugin({ name, setup: build => build.module(name, () => ({ exports, loader: 'object' })) });
    return;
  }
  const { _load } = Module;
  Module._load = function (request, ...more) {
    return request === name ? exports : _load.call(this, request, ...more);
  };
}

module.exports = { loadFile, locate, pick, provideModule };
