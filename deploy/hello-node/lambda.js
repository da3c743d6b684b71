// Greets by name; what it prints goes to /history, never into the answer.
exports.lambda = (input, environment) => {
  const name = input.trim() || environment.query.name || 'world';
  console.log(`greeting ${name} for call ${environment.id}`);
  return `Hello, ${name}!`;
};
