require('no_such_module');

exports.lambda = () => 'unreachable';
