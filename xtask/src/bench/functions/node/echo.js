exports.lambda = (input) => input;
