console.log('printed at load');

export const lambda = () => 'quiet';
