import functions from '@google-cloud/functions-framework';

functions.http('greet', async (req, res) => {
  const name = req.query.name || req.body.name;
  if (name === 'nobody') throw new RangeError('deliberate');
  res.append('set-cookie', ['first=1', 'second=2']).setHeader('x-greeted', 'yes');
  res.status(name ? 200 : 400).send(name ? { message: `Hello, ${name}!` } : { error: 'name is missing' });
});
