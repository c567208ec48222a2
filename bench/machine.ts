// The machine under the figures, without anything that names it.
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { etcd, redis } from './anchors/servers.ts'
import { isOnDisk, ROOT, type Ground } from './ground.ts'
import { quantile, sortNumbers } from './stats.ts'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly system: string
  readonly node: string
  readonly etcd: string
  readonly redis: string
  /** Commit of skein, with a plus when files were changed. */
  readonly skein: string
  readonly date: string
  /** Milliseconds to append 200 bytes and fdatasync them. */
  readonly sync: { readonly p50: number; readonly p99: number }
  readonly onDisk: boolean
  /** The system's load when the bench began: above some tenths the figures are disturbed. */
  readonly loadBefore: number
}

const SYNCS = 300

export function describeMachine(ground: Ground): Machine {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    etcd: etcd.version ?? 'not installed: skipped',
    redis: redis.version ?? 'not installed: skipped',
    skein: commit(),
    date: new Date().toISOString().slice(0, 10),
    sync: measureSync(ground),
    onDisk: isOnDisk(ground.base),
    loadBefore: os.loadavg()[0] ?? 0,
  }
}

function measureSync(ground: Ground): Machine['sync'] {
  const fd = openSync(path.join(ground.folder('disk'), 'file'), 'w')
  const bytes = Buffer.alloc(200, 1)
  const latencies = Array.from({ length: SYNCS }, () => {
    const startedAt = performance.now()
    writeSync(fd, bytes)
    fdatasyncSync(fd)
    return performance.now() - startedAt
  })
  closeSync(fd)
  const sorted = sortNumbers(latencies)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const changed = git('status', '--porcelain', '--', 'protocol', 'daemon', 'mcp')
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+')
  } catch {
    return 'not a git checkout'
  }
}
