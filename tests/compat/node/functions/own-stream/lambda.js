exports.lambda = async function* (input, environment) {
  environment.code = 203;
  environment.response_headers['x-pieces'] = 3;
  for (const piece of ['one ', Buffer.from('two '), input]) yield piece;
  if (input === 'fail') throw new Error('deliberate');
};
