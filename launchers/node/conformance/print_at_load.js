console.log('printed at load');

exports.lambda = () => 'quiet';
