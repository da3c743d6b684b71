exports.greetings = {
  greet(event, context, callback) {
    const { name } = event.body ? JSON.parse(event.body) : (event.queryStringParameters || {});
    if (name === 'nobody') return callback(new RangeError('deliberate'));
    const [statusCode, answer] = name ? [200, { message: `Hello, ${name}!` }] : [400, { error: 'name is missing' }];
    const multiValueHeaders = { 'Set-Cookie': ['first=1', 'second=2'] };
    const body = Buffer.from(JSON.stringify(answer)).toString('base64');
    setTimeout(() => callback(null, { statusCode, headers: { 'X-Greeted': 'yes' }, multiValueHeaders, body, isBase64Encoded: true }), 5);
  },
};
