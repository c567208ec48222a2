// Any program: its words as config.yml has them, and plain lines.
import { signsIn } from '../signs.ts'
import type { LauncherAdapter } from './launcher.ts'

export const COMMAND: LauncherAdapter = {
  program: '',
  words: ({ args }) => args,
  env: () => ({}),
  tellsRules: false,
  openReader: () => signsIn,
}
