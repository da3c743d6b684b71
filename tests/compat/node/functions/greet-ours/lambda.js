exports.lambda = (input, environment) => {
  const name = input ? JSON.parse(input).name : environment.query.name;
  environment.response_headers['x-greeted'] = 'yes';
  environment.response_headers['set-cookie'] = ['first=1', 'second=2'];
  if (name === 'nobody') throw new RangeError('deliberate');
  if (!name) {
    environment.code = 400;
    return { error: 'name is missing' };
  }
  return { message: `Hello, ${name}!` };
};
