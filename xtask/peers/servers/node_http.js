// Echo and add on node:http alone: `node_http.js PORT PROCESSES`.
'use strict';
const cluster = require('node:cluster');
const http = require('node:http');

const [port, processes] = process.argv.slice(2).map(Number);

function answer(request, response) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    let body = Buffer.concat(pieces);
    let type = 'text/plain; charset=utf-8';
    if (request.url === '/f/add') {
      const { a, b } = JSON.parse(body);
      body = Buffer.from(JSON.stringify({ sum: a + b }));
      type = 'application/json';
    }
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
    response.end(body);
  });
}

if (processes > 1 && cluster.isPrimary) {
  for (let count = 0; count < processes; count++) cluster.fork();
} else {
  http.createServer({ keepAliveTimeout: 0 }, answer).listen(port, '127.0.0.1');
}
