exports.lambda = (input) => {
  const { a, b } = JSON.parse(input);
  return { sum: a + b };
};
