// How handlers of Lambda's early days end, and what becomes of those that do not.
exports.handler = (event, context, callback) => {
  const left = context.getRemainingTimeInMillis();
  switch (event.end) {
    case 'succeed':
      return void setTimeout(() => context.succeed({ left: left > 0 }), 5);
    case 'fail':
      return context.fail(new TypeError('deliberate failure'));
    case 'text':
      return callback('deliberate text');
    case 'later':
      setTimeout(() => console.log('printed before the answer'), 50);
      return callback(null, 'later');
    case 'at once':
      context.callbackWaitsForEmptyEventLoop = false;
      setTimeout(() => console.log('printed after the answer'), 30_000);
      return callback(null, 'at once');
    case 'throw':
      throw new SyntaxError('deliberate throw');
    case 'ring':
      event.ring = event;
      return callback(null, event);
    default: // never
  }
};
