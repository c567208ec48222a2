// A stand-in for the manager of systemd: a program on the PATH that starts and ends the shipped daemon, and writes down what it was asked.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PROGRAM, type Machine } from './cli-daemon.ts'

export interface StandInManager {
  readonly env: Readonly<Record<string, string>>
  /** What it was asked to change, a call a line. */
  readonly calls: () => readonly string[]
}

export function standInManager({ folder, home }: Machine): StandInManager {
  const [bin, log] = [path.join(folder, 'bin'), path.join(folder, 'calls')]
  mkdirSync(bin)
  writeFileSync(log, '')
  const pid = `sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' '${folder}/main' 2>/dev/null`
  const systemctl = `#!/bin/sh
shift
case "$1" in
  show) pid=$(${pid}); kill -0 "$pid" 2>/dev/null || pid=0
    echo "UnitFileState=$(cat '${folder}/enabled' 2>/dev/null)"
    [ "$pid" = 0 ] && echo ActiveState=inactive || echo ActiveState=active
    echo "MainPID=$pid"; exit 0 ;;
  enable) echo enabled > '${folder}/enabled' ;;
  disable) rm -f '${folder}/enabled'; kill "$(${pid})" ;;
  restart) kill "$(${pid})" 2>/dev/null
    while kill -0 "$(${pid})" 2>/dev/null; do sleep 0.05; done ;;
esac
echo "$*" >> '${log}'
case "$1" in start|restart)
  '${process.execPath}' '${PROGRAM}' up --background --quiet || exit 1
  cp '${home}/daemon.pid' '${folder}/main' ;;
esac
`
  writeFileSync(path.join(bin, 'systemctl'), systemctl, { mode: 0o755 })
  const loginctl = '#!/bin/sh\necho Linger=yes\n'
  writeFileSync(path.join(bin, 'loginctl'), loginctl, { mode: 0o755 })
  return {
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    calls: () => readFileSync(log, 'utf8').trim().split('\n'),
  }
}
