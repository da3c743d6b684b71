// Google's event functions: background events and CloudEvents, each also made from the other
// (github.com/GoogleCloudPlatform/functions-framework-conformance, docs/mapping.md).
'use strict';
const { answerOf } = require('./express.js');
const { isJson, mediaType, ownPath, textOf } = require('./http.js');

const FIRESTORE = 'providers/cloud.firestore/eventTypes/document.';
const DATABASE = 'providers/google.firebase.database/eventTypes/ref.';
const AUTH = 'providers/firebase.auth/eventTypes/user.';
// CloudEvent type: the background event's types, its own first.
const TYPES = {
  'google.cloud.pubsub.topic.v1.messagePublished': ['google.pubsub.topic.publish', 'providers/cloud.pubsub/eventTypes/topic.publish'],
  'google.cloud.storage.object.v1.finalized': ['google.storage.object.finalize', 'providers/cloud.storage/eventTypes/object.change'],
  'google.cloud.storage.object.v1.deleted': ['google.storage.object.delete'],
  'google.cloud.storage.object.v1.archived': ['google.storage.object.archive'],
  'google.cloud.storage.object.v1.metadataUpdated': ['google.storage.object.metadataUpdate'],
  'google.cloud.firestore.document.v1.written': [`${FIRESTORE}write`],
  'google.cloud.firestore.document.v1.created': [`${FIRESTORE}create`],
  'google.cloud.firestore.document.v1.updated': [`${FIRESTORE}update`],
  'google.cloud.firestore.document.v1.deleted': [`${FIRESTORE}delete`],
  'google.firebase.auth.user.v1.created': [`${AUTH}create`],
  'google.firebase.auth.user.v1.deleted': [`${AUTH}delete`],
  'google.firebase.remoteconfig.remoteConfig.v1.updated': ['providers/firebase.remoteConfig/remoteconfig.update'],
  'google.firebase.analytics.log.v1.written': ['providers/google.firebase.analytics/eventTypes/event.log'],
  'google.firebase.database.ref.v1.created': [`${DATABASE}create`],
  'google.firebase.database.ref.v1.written': [`${DATABASE}write`],
  'google.firebase.database.ref.v1.updated': [`${DATABASE}update`],
  'google.firebase.database.ref.v1.deleted': [`${DATABASE}delete`],
};
const CLOUD_TYPES = new Map(Object.entries(TYPES).flatMap(([type, own]) => own.map(one => [one, type])));
const SERVICES = {
  'providers/cloud.firestore/': 'firestore', 'providers/google.firebase.analytics/': 'firebaseanalytics', 'providers/firebase.auth/': 'firebaseauth',
  'providers/google.firebase.database/': 'firebasedatabase', 'providers/firebase.remoteConfig/': 'firebaseremoteconfig',
  'providers/cloud.pubsub/': 'pubsub', 'providers/cloud.storage/': 'storage', 'google.pubsub': 'pubsub', 'google.storage': 'storage',
};
// What of a resource's name is the source and what the subject.
const SUBJECTS = {
  firebaseanalytics: /^(projects\/[^/]+)\/(events\/[^/]+)$/, firebasedatabase: /^projects\/[^/]+\/(instances\/[^/]+)\/(refs\/.+)$/,
  firestore: /^(projects\/[^/]+\/databases\/[^/]+)\/(documents\/.+)$/, storage: /^(projects\/[^/]+\/buckets\/[^/]+)\/(objects\/[^#]+)(?:#.*)?$/,
};
const REQUIRED = ['id', 'source', 'specversion', 'type'];
const PUBSUB_MESSAGE = 'type.googleapis.com/google.pubsub.v1.PubsubMessage';

class NoEvent extends Error {}

// `isDeclared`: by `functions.cloudEvent`; only then a second parameter is a callback.
function handlerOf(kind, handler, isDeclared) {
  const ownParameters = kind === 'event' ? 2 : 1;
  const wantsCallback = handler.length > ownParameters && (kind === 'event' || isDeclared);
  return (input, environment) => {
    let values;
    try {
      values = valuesOf(kind, input, environment);
    } catch (error) {
      if (!(error instanceof NoEvent)) throw error;
      environment.code = 400;
      return `no event: ${error.message}`;
    }
    const result = wantsCallback
      ? new Promise((resolve, reject) => handler(...values, (error, given) => (error ? reject(error) : resolve(given))))
      : handler(...values);
    return Promise.resolve(result).then(value => answerOf(environment, value));
  };
}

function valuesOf(kind, input, environment) {
  const cloudEvent = cloudEventOf(input, environment);
  if (kind === 'cloudevent') {
    const event = cloudEvent ?? cloudFromBackground(backgroundOf(input, environment));
    const { traceparent } = environment.headers;
    return [traceparent === undefined ? event : { ...event, traceparent }];
  }
  if (cloudEvent === null) {
    const { data, context } = backgroundOf(input, environment);
    return [data, context];
  }
  const { data, ...attributes } = cloudEvent;
  return TYPES[cloudEvent.type] === undefined ? [data, attributes] : backgroundFromCloud(cloudEvent);
}

function parse(input) {
  try {
    return JSON.parse(input);
  } catch (error) {
    throw new NoEvent(`the body is no JSON: ${error.message}`);
  }
}

// The CloudEvent of a request, binary or structured; null when it is none.
function cloudEventOf(input, { headers, content_type: contentType }) {
  let event = null;
  const type = mediaType(contentType);
  if (type.startsWith('application/cloudevents')) {
    if (!type.endsWith('+json') || type.includes('batch')) throw new NoEvent(`${type} cannot be read; application/cloudevents+json can`);
    const { data_base64: encoded, ...rest } = parse(input);
    event = encoded === undefined ? rest : { ...rest, data: Buffer.from(encoded, 'base64') };
  } else if (REQUIRED.some(name => headers[`ce-${name}`] !== undefined)) {
    event = {};
    for (const [name, value] of Object.entries(headers)) if (name.startsWith('ce-')) event[name.slice(3)] = unescapeValue(value);
    if (contentType !== '') event.datacontenttype = contentType;
    event.data = dataOf(input, contentType);
  }
  if (event === null) return null;
  const missing = REQUIRED.filter(name => !event[name]);
  if (missing.length > 0) throw new NoEvent(`the CloudEvent lacks ${missing.join(', ')}`);
  return event;
}

function unescapeValue(value) {
  const plain = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
  try {
    return decodeURIComponent(plain);
  } catch {
    throw new NoEvent(`the header's value ${value} is not percent-encoded UTF-8`);
  }
}

function dataOf(input, contentType) {
  if (input.length === 0) return undefined;
  if (isJson(contentType) || contentType === '') return parse(input);
  return mediaType(contentType).startsWith('text/') ? (textOf(input) ?? input) : input;
}

// `{data, context}`, also from the older flat form and from what Pub/Sub pushes.
function backgroundOf(input, environment) {
  const body = parse(input);
  if (typeof body !== 'object' || body === null) throw new NoEvent('the body is no JSON object');
  const { message, subscription } = body;
  if (body.context === undefined && subscription && message?.messageId && message.data !== undefined) {
    const topic = /projects\/[^/?]+\/topics\/[^/?]+/.exec(ownPath(environment))?.[0] ?? null;
    const resource = { service: 'pubsub.googleapis.com', type: PUBSUB_MESSAGE, name: topic };
    const context = { eventId: message.messageId, timestamp: message.publishTime ?? new Date().toISOString(), eventType: 'google.pubsub.topic.publish', resource };
    return { context, data: { '@type': PUBSUB_MESSAGE, data: message.data, attributes: message.attributes ?? {} } };
  }
  const { data, context, ...rest } = body;
  return { data, context: context ?? rest, domain: body.domain };
}

function cloudFromBackground({ data: given, context, domain }) {
  const type = CLOUD_TYPES.get(context.eventType);
  if (type === undefined) throw new NoEvent(`neither a CloudEvent nor a background event that is known (its eventType is ${context.eventType})`);
  const prefix = Object.keys(SERVICES).find(one => context.eventType.startsWith(one));
  const service = context.resource?.service ?? `${SERVICES[prefix]}.googleapis.com`;
  const kind = service.split('.', 1)[0];
  let source = context.resource?.name ?? context.resource ?? '';
  let subject;
  const parts = SUBJECTS[kind]?.exec(source);
  if (SUBJECTS[kind] !== undefined && !parts) throw new NoEvent(`the resource ${source} is not one of ${service}`);
  if (parts) [, source, subject] = parts;
  let data = given;
  if (kind === 'pubsub') data = { message: { ...data, messageId: data.messageId ?? context.eventId, publishTime: data.publishTime ?? context.timestamp } };
  if (kind === 'firebaseauth') {
    if (data?.uid) subject = `users/${data.uid}`;
    data = renamed(data, { createdAt: 'createTime', lastSignedInAt: 'lastSignInTime' });
  }
  if (kind === 'firebaseanalytics' && data?.userDim?.appInfo?.appId) source += `/apps/${data.userDim.appInfo.appId}`;
  if (kind === 'firebasedatabase') source = `projects/_/locations/${locationOf(domain)}/${source}`;
  const event = { id: context.eventId, time: context.timestamp, specversion: '1.0', datacontenttype: 'application/json', type, source: `//${service}/${source}`, data };
  return subject === undefined ? event : { ...event, subject };
}

function locationOf(domain) {
  if (typeof domain !== 'string' || domain === '') throw new NoEvent('the event lacks its domain');
  return domain === 'firebaseio.com' ? 'us-central1' : domain.split('.', 1)[0];
}

function renamed(data, names) {
  if (!data?.metadata) return data;
  return { ...data, metadata: Object.fromEntries(Object.entries(data.metadata).map(([name, value]) => [names[name] ?? name, value])) };
}

function backgroundFromCloud({ id, time, type, source, subject, data: given }) {
  const [, service, name] = /^\/\/([^/]+)\/(.+)$/.exec(source) ?? [];
  if (name === undefined) throw new NoEvent(`the source ${source} is not of the form //service/name`);
  let resource = subject === undefined ? name : `${name}/${subject}`;
  let data = given;
  if (service.startsWith('pubsub.')) {
    resource = { service, name, type: PUBSUB_MESSAGE };
    const { messageId: _id, publishTime: _time, ...rest } = data?.message ?? data ?? {};
    data = rest;
  } else if (service.startsWith('firebaseauth.')) {
    resource = name;
    data = renamed(data, { createTime: 'createdAt', lastSignInTime: 'lastSignedInAt' });
  } else if (service.startsWith('firebasedatabase.')) {
    resource = resource.replace(/\/locations\/[^/]+/, '');
  } else if (service.startsWith('storage.')) {
    resource = { name: resource, service, type: data?.kind };
  }
  return [data, { eventId: id, timestamp: time, eventType: TYPES[type][0], resource }];
}

module.exports = { handlerOf };
