const { app } = require('@azure/functions');

app.hook.preInvocation(hook => hook.invocationContext.log('about to be called'));
