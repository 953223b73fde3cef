export * from './dense';
export * from './math';
export * from './nearest';
export * from './resonator';
export * from './rls';
