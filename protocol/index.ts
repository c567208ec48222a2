// The only door into protocol/. Modules here are pure: no I/O, no clock, no chance.
export * from './assert.ts'
export * from './claim.ts'
export * from './errors.ts'
export * from './ids.ts'
export * from './limits.ts'
export * from './version.ts'
