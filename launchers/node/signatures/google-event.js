// `google-event`: as google, for functions that take events.
'use strict';
module.exports = require('./google.js');
