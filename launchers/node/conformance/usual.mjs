export const lambda = () => 'usual';
