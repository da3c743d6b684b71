import 'no_such_module';

export const lambda = () => 'unreachable';
