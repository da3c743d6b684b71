exports.greet = (req, res) => {
  const name = req.query.name || req.body.name;
  if (name === 'nobody') throw new RangeError('deliberate');
  res.set('X-Greeted', 'yes').append('Set-Cookie', 'first=1').append('Set-Cookie', 'second=2');
  if (!name) return res.status(400).json({ error: 'name is missing' });
  res.json({ message: `Hello, ${name}!` });
};
