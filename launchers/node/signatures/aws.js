// The signature of AWS Lambda: `handler(event, context, callback)`, its events, answers, streams and errors.
'use strict';
const path = require('node:path');
const { PassThrough } = require('node:stream');
const { loadFile, pick } = require('../loading.js');
const { Broken, Json } = require('../results.js');
const { addHeader, badRequest, isText, origin, ownPath, textOf } = require('./http.js');

const USUAL = ['handler', 'lambda', 'lambda_handler', 'default', '.'];
const ACCOUNT = '000000000000';
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const ERROR_TYPES = { import: 'Runtime.ImportModuleError', syntax: 'Runtime.UserCodeSyntaxError', missing: 'Runtime.HandlerNotFound' };
const environments = new WeakMap(); // of response streams

async function load(spec, { whenIdle }) {
  const shared = describeFunction(spec);
  Object.assign(process.env, { ...shared.variables, ...process.env });
  globalThis.awslambda = { streamifyResponse, HttpResponseStream };
  const handler = await find(spec);
  const isHttp = spec.event === 'http';
  const answer = isHttp ? httpAnswer : jsonAnswer;

  function invoke(input, environment) {
    let event;
    if (isHttp) {
      event = httpEvent(input, environment);
    } else {
      try {
        event = input.length === 0 ? {} : JSON.parse(input); // Lambda's functions get an empty object when there is no payload
      } catch (error) {
        return badRequest(environment, `the body is no JSON: ${error.message}`);
      }
    }
    if (handler[STREAMING]) return stream(handler, event, environment, shared, whenIdle);
    return new Promise((resolve, reject) => {
      const context = new Context(shared, environment);
      let called = false;
      const done = (error, result) => {
        called = true;
        if (error === undefined || error === null) resolve(result);
        else reject(error);
      };
      const callback = (error, result) => {
        called = true;
        const settle = () => done(error, result);
        if (!context.callbackWaitsForEmptyEventLoop || !whenIdle(settle)) settle();
      };
      Object.assign(context, { done, succeed: result => done(null, result), fail: error => done(error ?? 'handled') });
      const result = handler(event, context, callback);
      if (typeof result?.then === 'function') return void result.then(resolve, reject);
      // Lambda answers null where no callback comes and nothing is left to do; a value that was returned is kinder.
      const settle = () => resolve(result);
      if (!called && !whenIdle(settle) && result !== undefined) settle();
    }).then(result => answer(environment, result));
  }
  invoke.payloadOf = ({ type, message, trace }) => ({ errorType: type, errorMessage: message, trace: trace === '' ? [] : trace.split('\n') });
  return invoke;
}

async function find(spec) {
  const name = spec.handler ?? null;
  if (name !== null && name.includes('..')) throw new Broken('missing', `Runtime.MalformedHandlerName: '${name}' is not a valid handler name`);
  try {
    return pick(await loadFile(spec.folder, spec.file), name, USUAL, spec.file);
  } catch (error) {
    if (error instanceof Broken && ERROR_TYPES[error.kind]) error.message = `${ERROR_TYPES[error.kind]}: ${error.message}`;
    throw error;
  }
}

function describeFunction(spec) {
  const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1';
  const memory = String(Math.floor((spec.memory_bytes || 128 * 2 ** 20) / 2 ** 20));
  const logGroup = `/aws/lambda/${spec.function}`;
  const logStream = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${process.pid.toString(16).padStart(32, '0')}`;
  const variables = {
    AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_LAMBDA_FUNCTION_NAME: spec.function, AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory, AWS_LAMBDA_LOG_GROUP_NAME: logGroup, AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand', AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.', 1)[0]}.x`,
    LAMBDA_TASK_ROOT: spec.folder, _HANDLER: `${spec.file.slice(0, -path.extname(spec.file).length)}.${spec.handler ?? 'handler'}`,
  };
  return { name: spec.function, arn: `arn:aws:lambda:${region}:${ACCOUNT}:function:${spec.function}`, memory, logGroup, logStream, variables };
}

class Context {
  constructor(shared, environment) {
    this.callbackWaitsForEmptyEventLoop = true;
    this.functionVersion = '$LATEST';
    this.functionName = shared.name;
    this.memoryLimitInMB = shared.memory;
    this.logGroupName = shared.logGroup;
    this.logStreamName = shared.logStream;
    this.clientContext = clientContext(environment.headers['x-amz-client-context']);
    this.identity = undefined;
    this.invokedFunctionArn = shared.arn;
    this.awsRequestId = environment.id;
    Object.defineProperty(this, 'getRemainingTimeInMillis', { value: () => Math.max(environment.deadline - Date.now(), 0) });
  }
}

function clientContext(header) {
  try {
    return header ? JSON.parse(Buffer.from(header, 'base64').toString()) : undefined;
  } catch {
    return undefined;
  }
}

// Payload format 2.0, as of a function URL.
function httpEvent(input, environment) {
  const { host: _, port, name: domain } = origin(environment);
  const request = environment._request;
  const { cookie, ...headers } = environment.headers;
  const now = new Date();
  const [, day, month, year, time] = /(\d+) (\w+) (\d+) ([\d:]+)/.exec(now.toUTCString());
  const event = { version: '2.0', routeKey: '$default', rawPath: ownPath(environment), rawQueryString: environment.query_string };
  if (cookie) event.cookies = cookie.split(';').map(one => one.trim()).filter(one => one !== '');
  const address = request.remote_address ?? '';
  event.headers = { 'x-forwarded-for': address, 'x-forwarded-port': port, 'x-forwarded-proto': 'http', ...headers };
  if (environment.query_string !== '') event.queryStringParameters = joined(environment.query_string);
  event.requestContext = {
    accountId: ACCOUNT, apiId: environment.function, authentication: null, domainName: domain, domainPrefix: domain.split('.', 1)[0],
    http: { method: environment.method, path: event.rawPath, protocol: request.protocol || 'HTTP/1.1', sourceIp: address, userAgent: headers['user-agent'] ?? '' },
    requestId: environment.id, routeKey: '$default', stage: '$default', time: `${day}/${month}/${year}:${time} +0000`, timeEpoch: now.getTime(),
  };
  if (environment.identity) event.requestContext.authorizer = { lambda: { principalId: environment.identity } };
  const text = isText(environment.content_type) ? textOf(input) : null;
  if (input.length > 0) event.body = text ?? input.toString('base64');
  event.isBase64Encoded = input.length > 0 && text === null;
  return Object.assign(event, { pathParameters: null, stageVariables: null });
}

function joined(query) {
  const parameters = {};
  for (const [name, value] of new URLSearchParams(query)) parameters[name] = name in parameters ? `${parameters[name]},${value}` : value;
  return parameters;
}

function marshalError(message) {
  const error = new Error(message);
  error.name = 'Runtime.MarshalError';
  return error;
}

function jsonAnswer(environment, result) {
  try {
    return new Json(JSON.stringify(result) ?? 'null');
  } catch (error) {
    throw marshalError(`Unable to stringify response body: ${error.message}`);
  }
}

function httpAnswer(environment, result) {
  if (typeof result !== 'object' || result === null || result.statusCode === undefined) return jsonAnswer(environment, result);
  answerHead(environment, result, 'application/json');
  const { body } = result;
  if (body === undefined || body === null) return '';
  if (typeof body !== 'string') throw marshalError(`body is of type ${typeof body}; it must be text, for instance JSON.stringify(...)`);
  return result.isBase64Encoded ? Buffer.from(body, 'base64') : body;
}

function answerHead(environment, { statusCode, headers, multiValueHeaders, cookies }, contentType) {
  environment.code = Number(statusCode);
  if (!Number.isInteger(environment.code)) throw marshalError(`statusCode is ${statusCode}; it must be a number`);
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined && value !== null) environment.response_headers[name.toLowerCase()] = String(value);
  }
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) environment.response_headers[name.toLowerCase()] = [].concat(values).map(String);
  for (const cookie of cookies ?? []) addHeader(environment, 'set-cookie', cookie);
  environment.response_headers['content-type'] ??= contentType;
}

// `awslambda.streamifyResponse(handler)`: `handler(event, responseStream, context)`.
function streamifyResponse(handler) {
  handler[STREAMING] = 'response';
  return handler;
}

class ResponseStream extends PassThrough {
  setContentType(contentType) {
    environments.get(this).response_headers['content-type'] = contentType;
  }
}

const HttpResponseStream = {
  from(stream, head) {
    answerHead(environments.get(stream), { statusCode: 200, ...head }, 'application/octet-stream');
    return stream;
  },
};

function stream(handler, event, environment, shared, whenIdle) {
  const responseStream = new ResponseStream();
  environments.set(responseStream, environment);
  environment.response_headers['content-type'] = 'application/octet-stream';
  responseStream.on('error', () => {}); // whoever reads it is told
  new Promise(resolve => resolve(handler(event, responseStream, new Context(shared, environment)))).then(
    () => responseStream.writableEnded || whenIdle(() => responseStream.end()) || responseStream.end(),
    error => responseStream.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return responseStream;
}

module.exports = { load };
