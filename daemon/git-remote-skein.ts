#!/usr/bin/env node
// The program that git starts for an address `skein::…`: it plugs the talk with git, the user's own git and the questions to
// the daemon together. Small, for it stands in the way of every push.
import './shims.ts'
import readline from 'node:readline'
import { findAddress } from './fence/address.ts'
import { Remote } from './fence/remote.ts'
import { createUserGit, GitFailed } from './git-user.ts'
import { createAsking } from './push/asking.ts'
import { serveGit } from './push/helper.ts'
import { fencedPush } from './push/push.ts'
import { liveTalk } from './push/talk.ts'

const [, , name = '', url = name] = process.argv

try {
  process.exitCode = await main()
} catch (error) {
  const said = error instanceof GitFailed ? error.message : `skein: ${String(error)}`
  // git waits for an answer and keeps our stdin open: a process that only notes its exit code would wait for git.
  process.stderr.write(`${said}\n`, () => {
    // eslint-disable-next-line no-restricted-properties -- as above
    process.exit(128)
  })
}

async function main(): Promise<number> {
  if (url === '') {
    process.stderr.write('git-remote-skein is started by git: git push to `skein::ADDRESS`\n')
    return 64
  }
  const cwd = process.cwd()
  const git = createUserGit(cwd, process.env)
  const address = await findAddress(git, name, url)
  const remote = new Remote(git, address)
  await serveGit({
    git,
    address,
    remote,
    lines: readline.createInterface({ input: process.stdin }),
    answer: (text) => process.stdout.write(text),
    push: async (request, listing) => {
      const where = await git.read(['rev-parse', '--path-format=absolute', '--git-common-dir'])
      const place = {
        ...{
          git,
          name,
          url: address.url,
          remote,
          asking: createAsking(process.env, cwd),
          commonDir: where.trimEnd(),
        },
        say: (line: string) => process.stderr.write(`${line}\n`),
        onStderr: liveTalk((text) => process.stderr.write(text)),
      }
      return fencedPush(place, request, listing)
    },
  })
  return 0
}
