export const lambda = () => 'never' 'parsed';
