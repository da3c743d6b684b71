module.exports = require('lambda-local/examples/handler_gateway2.js');
