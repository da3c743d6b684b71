const { app } = require('@azure/functions');

const cookies = [{ name: 'first', value: '1' }, { name: 'second', value: '2' }];

app.http('greet-azure-v4', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: async request => {
    const text = await request.text();
    const name = text ? JSON.parse(text).name : request.query.get('name');
    if (name === 'nobody') throw new RangeError('deliberate');
    const headers = { 'x-greeted': 'yes' };
    if (!name) return { status: 400, headers, cookies, jsonBody: { error: 'name is missing' } };
    return { headers, cookies, jsonBody: { message: `Hello, ${name}!` } };
  },
});
