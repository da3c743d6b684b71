const functions = require('@google-cloud/functions-framework');

functions.cloudEvent('collect', event => {
  console.log(`collected ${event.type} ${event.id}`);
  return { id: event.id, type: event.type, source: event.source, subject: event.subject, data: event.data };
});
