export const handler = awslambda.streamifyResponse(async (event, responseStream, context) => {
  const stream = awslambda.HttpResponseStream.from(responseStream, { statusCode: 203, headers: { 'Content-Type': 'text/plain', 'X-Id': context.awsRequestId }, cookies: ['a=1'] });
  for (const piece of ['one ', 'two ', event.body]) {
    stream.write(piece);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  stream.end();
});
