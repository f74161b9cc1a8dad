// Lets `node:` modules be imported where @types/node is not installed; what comes from them has no types then.
declare module 'node:*';
