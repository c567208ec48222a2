// Loaded into a daemon before its program: notes, for each file of its ledger and audit logs, how many bytes were synced.
// A SIGKILL loses nothing that reached the page cache; a test cuts the files at or above these marks after the kill, as a
// power cut would. The notes are written after the sync and before its caller hears of it, into a file for each inode.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

const folder = process.env.SKEIN_TEST_SYNC_NOTES
fs.mkdirSync(folder, { recursive: true })
const { fstatSync, writeSync, openSync, fdatasync, fdatasyncSync, fsync, fsyncSync } = fs
const notes = new Map()

/** What a sync that begins now will cover. */
function coveredBy(fd) {
  const stat = fstatSync(fd)
  return stat.isFile() ? { ino: stat.ino, size: stat.size } : null
}

function note(covered) {
  if (covered === null) return
  const key = String(covered.ino)
  if (!notes.has(key)) notes.set(key, openSync(path.join(folder, key), 'w'))
  // Of one length, so that a kill in between leaves the old number or the new one.
  writeSync(notes.get(key), String(covered.size).padStart(15, '0'), 0)
}

function wrapCallback(original) {
  return (fd, done) => {
    const covered = coveredBy(fd)
    original(fd, (error) => {
      if (!error) note(covered)
      done(error)
    })
  }
}

function wrapSync(original) {
  return (fd) => {
    const covered = coveredBy(fd)
    original(fd)
    note(covered)
  }
}

fs.fdatasync = wrapCallback(fdatasync)
fs.fsync = wrapCallback(fsync)
fs.fdatasyncSync = wrapSync(fdatasyncSync)
fs.fsyncSync = wrapSync(fsyncSync)
syncBuiltinESMExports()
