const head = { headers: { 'Content-Type': 'application/json', 'X-Greeted': 'yes' }, cookies: ['first=1', 'second=2'] };

export const handler = async event => {
  const { name } = event.body ? JSON.parse(event.body) : (event.queryStringParameters ?? {});
  if (name === 'nobody') throw new RangeError('deliberate');
  if (!name) return { ...head, statusCode: 400, body: JSON.stringify({ error: 'name is missing' }) };
  return { ...head, statusCode: 200, body: JSON.stringify({ message: `Hello, ${name}!` }) };
};
