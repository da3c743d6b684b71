const { app, HttpResponse } = require('@azure/functions');

app.http('items', {
  route: 'items/{id:int}/{part?}',
  handler: async ({ params }) => ({ body: `${params.id} ${params.part ?? 'all'}` }),
});
app.http('teapot', { handler: async () => new HttpResponse({ status: 418, body: 'short and stout' }) });
app.timer('tick', { schedule: '0 * * * * *', handler: () => {} });
