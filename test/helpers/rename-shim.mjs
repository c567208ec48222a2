// Loaded before the program: it dies, as by a power cut, before the rename that comes after a given number of them.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

let left = Number(process.env['SKEIN_TEST_RENAMES'])
const rename = fs.renameSync
fs.renameSync = (from, to) => {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL')
  rename(from, to)
}
syncBuiltinESMExports()
