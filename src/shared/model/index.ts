/** The plain data that crosses process boundaries and that the UI shows. */
export type * from './address.ts';
export type * from './device.ts';
export type * from './diagnostic.ts';
export type * from './dump.ts';
export type * from './export.ts';
export type * from './job.ts';
export type * from './kvm.ts';
export type * from './linux.ts';
export type * from './memory.ts';
export type * from './registers.ts';
export type * from './walk.ts';
