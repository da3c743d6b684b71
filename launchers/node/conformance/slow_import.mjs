await new Promise(resolve => setTimeout(resolve, 1500));

export const lambda = () => 'slow';
