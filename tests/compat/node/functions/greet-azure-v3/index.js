module.exports = async function (context, req) {
  const name = req.query.name || (req.body && req.body.name);
  if (name === 'nobody') throw new RangeError('deliberate');
  context.log('greeting', name);
  const cookies = [{ name: 'first', value: '1' }, { name: 'second', value: '2' }];
  const headers = { 'Content-Type': 'application/json', 'X-Greeted': 'yes' };
  context.res = name
    ? { status: 200, headers, cookies, body: { message: `Hello, ${name}!` } }
    : { status: 400, headers, cookies, body: { error: 'name is missing' } };
};
