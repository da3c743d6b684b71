exports.lambda = () => 'never' 'parsed';
