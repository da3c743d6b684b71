module.exports = require('lambda-local/examples/handler_helloworld.js');
