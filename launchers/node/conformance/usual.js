exports.lambda = () => 'usual';
