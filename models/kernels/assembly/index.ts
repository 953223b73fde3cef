export * from './classifier';
export * from './dense';
export * from './math';
export * from './nearest';
export * from './pooler';
export * from './resonator';
export * from './rls';
export * from './temporal';
