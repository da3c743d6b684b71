// Echo and add for functions-framework, which takes one function for all paths.
'use strict';

exports.function = (request, response) => {
  if (request.path === '/f/add') response.json({ sum: request.body.a + request.body.b });
  else response.type('text/plain').send(request.body);
};
