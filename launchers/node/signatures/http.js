// What the signatures of other platforms share: the request as they describe it, and headers of the answer.
'use strict';

const TEXT = /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded)$)|\+(json|xml)$/;
const mediaType = contentType => contentType.split(';', 1)[0].trim().toLowerCase();
const isText = contentType => contentType === '' || TEXT.test(mediaType(contentType));
const isJson = contentType => /^application\/(.+\+)?json$/.test(mediaType(contentType));

// The text of bytes, or null when they are no UTF-8.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function textOf(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

// The path as the function's own server would see it: what follows its name.
const ownPath = environment => environment.path_info || '/';

function origin(environment) {
  const { headers } = environment;
  const host = headers.host || environment._request.server_name || 'localhost';
  const port = /[^:]:(\d+)$/.exec(host)?.[1] ?? '80';
  return { host, port, name: host.replace(/([^:]):\d+$/, '$1'), scheme: headers['x-forwarded-proto'] || 'http' };
}

// A name that is there already gets another value.
function addHeader(environment, name, value) {
  const headers = environment.response_headers;
  const key = name.toLowerCase();
  const values = Array.isArray(value) ? value.map(String) : [String(value)];
  if (headers[key] !== undefined) values.unshift(...[].concat(headers[key]));
  headers[key] = values.length === 1 ? values[0] : values;
}

// What the host answers when the caller is to blame.
function badRequest(environment, detail) {
  environment.code = 400;
  environment.response_headers = { 'content-type': 'application/problem+json' };
  const problem = { type: 'about:blank', title: 'Bad Request', status: 400, detail, component: 'caller', invocation_id: environment.id };
  return JSON.stringify(problem);
}

// `a=1; Path=/; HttpOnly` from an object, as Azure describes cookies.
function cookieText(cookie) {
  const parts = [`${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value ?? '')}`];
  if (cookie.maxAge !== undefined && cookie.maxAge !== null) parts.push(`Max-Age=${cookie.maxAge}`);
  if (cookie.domain) parts.push(`Domain=${cookie.domain}`);
  if (cookie.path) parts.push(`Path=${cookie.path}`);
  if (cookie.expires) parts.push(`Expires=${new Date(cookie.expires).toUTCString()}`);
  if (cookie.httpOnly) parts.push('HttpOnly');
  if (cookie.secure) parts.push('Secure');
  if (cookie.sameSite) parts.push(`SameSite=${cookie.sameSite}`);
  return parts.join('; ');
}

// Names and values of a fetch Headers, a list of pairs or an object; `set-cookie` once for each of its values.
function* headerEntries(headers) {
  if (headers === undefined || headers === null) return;
  yield* typeof headers[Symbol.iterator] === 'function' ? headers : Object.entries(headers);
}

module.exports = { addHeader, badRequest, cookieText, headerEntries, isJson, isText, mediaType, origin, ownPath, textOf };
