const express = require('express');

const app = express();
app.use(express.json());
app.get('/users/:id', (req, res) => res.json({ id: req.params.id, sort: req.query.sort }));
app.post('/echo', (req, res) => res.status(201).cookie('seen', 'yes').send(req.body));
app.get('/bytes', (req, res) => res.type('png').send(Buffer.from(Array.from({ length: 256 }, (_, index) => index))));

module.exports.handler = require('serverless-http')(app, { binary: ['image/*'] });
