throw new Error('this import fails on purpose');
