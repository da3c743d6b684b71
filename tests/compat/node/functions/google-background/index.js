exports.collect = (data, context, callback) => {
  if (data.fail) return callback(new Error('deliberate'));
  if (data.silent) return callback();
  callback(null, { data, context });
};
