const functions = require('@google-cloud/functions-framework');

functions.typed('double', ({ number }) => ({ doubled: number * 2 }));
