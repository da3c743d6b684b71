// Hosts a JavaScript handler for ShortedFaaS, in Node, Bun and Deno. launchers/PROTOCOL.md is what it follows.
'use strict';
const { closeOnExec, listen, send } = require('./frames.js');
const { answerHeader, environmentClass } = require('./environment.js');
const { Broken, Exit, describe, encode, streamOf } = require('./results.js');
const { loadFile, pick } = require('./loading.js');

const USUAL = ['lambda', 'handler', 'default', '.'];
const runtime = globalThis.Bun ? 'bun' : globalThis.Deno ? 'deno' : 'node';
const reallyExit = process.exit.bind(process);
const queue = []; // calls that came ahead
let function_ = null; // the header of `L`
let handler = null; // (input, environment), whatever the signature is
let bytesWanted = false;
let Environment;
let running = null; // the environment of the call that runs
let ending = false;
let idle = null; // what a call wants done when nothing but the host keeps the process alive

// The call that ran has been answered; the next one waits for a turn of the event loop, as if it had come later.
function finished() {
  running = null;
  if (idle !== null) whenIdle(null);
  if (queue.length > 0 || ending) setImmediate(next);
}

function next() {
  if (running !== null) return;
  if (queue.length > 0) invoke(...queue.shift());
  else if (ending) reallyExit(0);
}

function fail(environment, error) {
  if (environment !== running) return; // answered already
  const described = describe(error);
  if (handler.payloadOf) described.payload = handler.payloadOf(described);
  send('E', JSON.stringify(described), '');
  finished();
}

function answer(environment, result) {
  if (environment !== running) return;
  try {
    if (typeof result === 'string') send('T', answerHeader(environment), result);
    else if (result === undefined || result === null) send('T', answerHeader(environment), '');
    else if (result instanceof Uint8Array) send('O', answerHeader(environment), result);
    else if (result instanceof ArrayBuffer) send('O', answerHeader(environment), new Uint8Array(result));
    else {
      const stream = streamOf(result);
      if (stream !== null) return void sendStream(environment, stream).catch(error => fail(environment, error));
      send('J', answerHeader(environment), encode(result));
    }
  } catch (error) {
    return fail(environment, error);
  }
  finished();
}

async function sendStream(environment, stream) {
  let begun = false;
  for await (const given of stream) {
    if (environment !== running) return;
    const piece = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
    if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) throw new TypeError(`a stream must yield text or bytes, not ${typeof piece}`);
    if (piece.length === 0) continue;
    send('C', begun ? '' : answerHeader(environment, typeof piece), piece);
    begun = true;
  }
  if (environment !== running) return;
  send('T', begun ? '' : answerHeader(environment), '');
  finished();
}

function invoke(header, input) {
  const environment = (running = new Environment(header));
  try {
    const result = handler(input, environment);
    if (typeof result === 'object' && result !== null && typeof result.then === 'function') {
      result.then(value => answer(environment, value), error => fail(environment, error));
    } else {
      answer(environment, result);
    }
  } catch (error) {
    fail(environment, error);
  }
}

function onFrame(type, buffer, headerAt, bodyAt, end) {
  if (type === 73 /* I */) {
    const header = buffer.toString('utf8', headerAt, bodyAt);
    const input = bytesWanted ? Buffer.from(buffer.subarray(bodyAt, end)) : buffer.toString('utf8', bodyAt, end);
    if (running === null && queue.length === 0 && handler !== null) invoke(header, input);
    else queue.push([header, input]);
  } else if (type === 76 /* L */ && function_ === null) {
    function_ = JSON.parse(buffer.toString('utf8', headerAt, bodyAt));
    load().catch(giveUp);
  } else if (type === 83 /* S */) {
    onEnd();
  }
}

function onEnd() {
  ending = true;
  if (handler !== null || function_ === null) next();
}

async function load() {
  Environment = environmentClass(function_);
  bytesWanted = function_.input === 'bytes';
  if (function_.signature === undefined || function_.signature === 'shortedfaas') {
    handler = pick(await loadFile(function_.folder, function_.file), function_.handler ?? null, USUAL, function_.file);
  } else {
    const signature = require(`./signatures/${function_.signature}.js`);
    bytesWanted = true;
    handler = await signature.load(function_, { whenIdle });
  }
  send('H', JSON.stringify({ protocol: 1, pid: process.pid, language: runtime, version: process.versions[runtime] }), '');
  next();
}

function giveUp(error) {
  const broken = error instanceof Broken ? error : new Broken('load', error?.message ?? String(error), error);
  send('B', JSON.stringify({ kind: broken.kind, message: describe(broken).message, trace: broken.reason === undefined ? '' : describe(broken.reason).trace }), '');
  reallyExit(1);
}

// Does `action` when the event loop has nothing left but the host's frames (AWS: callbackWaitsForEmptyEventLoop); null: not any more.
// False where the runtime cannot tell.
function whenIdle(action) {
  if (!channel.unref) return false;
  idle = action;
  if (action === null) channel.ref();
  else channel.unref();
  return true;
}

process.on('beforeExit', () => {
  const action = idle;
  if (action === null) return;
  whenIdle(null);
  action();
});

// In a call, an exit is that call's error; while the file is loaded, it cannot be used; in between it is an exit.
process.exit = code => {
  const exit = new Exit(code);
  if (handler === null) giveUp(exit);
  if (running === null) reallyExit(code);
  fail(running, exit);
  throw exit;
};

function onStray(error) {
  if (error instanceof Exit) return;
  if (handler === null) giveUp(error);
  else if (running !== null) fail(running, error);
  else process.stderr.write(`an error after the answer: ${describe(error).trace || describe(error).message}\n`);
}
process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);

// What is printed must be out before the answer is. Touched when first used, for it takes a millisecond.
for (const name of ['stdout', 'stderr']) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  const blocking = () => {
    const stream = get.call(process);
    stream._handle?.setBlocking?.(true);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream, writable: true });
    return stream;
  };
  if (get !== undefined) Object.defineProperty(process, name, { configurable: true, enumerable: true, get: blocking });
}

closeOnExec();
const channel = listen(onFrame, onEnd);
