// Written for AWS Lambda behind a function URL; runs as it is.
export const handler = async (event, context) => {
  const { name } = event.body ? JSON.parse(event.body) : (event.queryStringParameters ?? {});
  console.log(`${context.getRemainingTimeInMillis()} ms are left`);
  if (!name) return { statusCode: 400, body: JSON.stringify({ error: 'name is missing' }) };
  return { statusCode: 200, body: JSON.stringify({ message: `Hello, ${name}!` }) };
};
