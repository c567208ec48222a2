// What is bundled for each mutant.
export { runSeed } from './run.ts'
export { scenarios } from './scenarios.ts'
