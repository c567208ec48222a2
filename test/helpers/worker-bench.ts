// One worker on a bench: a real clone, real processes and a real ledger engine, without a daemon around them. Each look is made by a
// worker that knows nothing but what its folder and the ledger say, as a daemon that has just started.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Worker } from '../../daemon/fleet/worker.ts'
import { openWorkerFiles } from '../../daemon/fleet/files.ts'
import type { WorkerAround } from '../../daemon/fleet/job.ts'
import type { Launcher } from '../../daemon/fleet/launchers/launcher.ts'
import { createWorkerGit } from '../../daemon/git-workers.ts'
import type { Command, Outcome } from '../../daemon/core/claims/command.ts'
import type { Repo } from '../../daemon/repos.ts'
import {
  asPeerId,
  type Assignment,
  type AssignmentId,
  type AssignmentOrder,
} from '../../protocol/index.ts'
import { party, QueueLedger } from '../unit/queue/ledger.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { PROGRAM } from './cli-daemon.ts'
import { until } from './poll.ts'
import { git, makeFolder, makeRepo } from './repo.ts'

const PEER = asPeerId('peer-1')
const SUPERVISOR = path.join(path.dirname(PROGRAM), 'supervisor.js')
const IDENTITY = {
  ...{ GIT_AUTHOR_NAME: 'worker', GIT_AUTHOR_EMAIL: 'worker@example.org' },
  ...{ GIT_COMMITTER_NAME: 'worker', GIT_COMMITTER_EMAIL: 'worker@example.org' },
}

export class WorkerBench {
  readonly ledger = new QueueLedger()
  readonly home: string
  readonly clone: string
  readonly origin: string
  /** What is started, with the prompt on its standard input. */
  script = 'cat'
  kind: Launcher['kind'] = 'command'
  /** Called before a command reaches the ledger, and after: a throw is a daemon that dies there. */
  beforeSubmit: (command: Command) => void = () => undefined
  afterSubmit: (command: Command) => void = () => undefined
  around: Partial<WorkerAround> = {}
  readonly pauses: [string, number][] = []

  constructor(cleaner: Cleaner) {
    this.home = makeFolder(cleaner, 'skein-home-')
    const bare = path.join(makeFolder(cleaner), 'origin.git')
    git(this.home, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
    this.origin = bare
    this.clone = makeRepo(cleaner, { origin: bare })
    git(this.clone, 'push', '--quiet', 'origin', 'main')
    onCleanup(cleaner, () => {
      this.#endAll()
    })
  }

  /** @param again although the task is complete */
  assign(order: AssignmentOrder, again = false): AssignmentId {
    const outcome = this.ledger.run({
      ...{ kind: 'assign', party: party('ann'), worker: { peer: PEER, machine: 'm' }, order },
      terms: {
        ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
        ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200 },
      },
      ...{ stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 }, key: null, again, proposal: null },
    })
    if (outcome.kind !== 'assigned') throw new Error(JSON.stringify(outcome))
    return outcome.assignment.id
  }

  now(id: AssignmentId): Assignment {
    const found = this.ledger.engine.committed.state.assignments.get(id)
    if (found === undefined) throw new Error(`${id} is not known`)
    return found
  }

  worktree(id: AssignmentId): string {
    return path.join(this.home, 'worktrees', id)
  }

  folder(id: AssignmentId): string {
    return path.join(this.home, 'workers', id)
  }

  /** One look, by a daemon that has just started. */
  async look(id: AssignmentId): Promise<void> {
    const worker = new Worker(this.#around(), this.folder(id))
    await worker.advance(this.#repo(), this.now(id))
  }

  /** A daemon that lives and looks again and again, until the assignment is so; each throw is its end, and the next one goes on. */
  async untilState(
    id: AssignmentId,
    ...states: readonly Assignment['state'][]
  ): Promise<Assignment> {
    let worker = new Worker(this.#around(), this.folder(id))
    return until(`${id} is ${states.join(' or ')}`, async () => {
      try {
        await worker.advance(this.#repo(), this.now(id))
      } catch {
        worker = new Worker(this.#around(), this.folder(id))
      }
      const assignment = this.now(id)
      return states.includes(assignment.state) ? assignment : null
    })
  }

  async clear(id: AssignmentId): Promise<void> {
    await this.look(id)
  }

  tip(branch: string): string {
    return git(this.origin, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`).trim()
  }

  #repo(): Repo {
    const submit = (command: Command): Promise<Outcome> => {
      this.beforeSubmit(command)
      const outcome = this.ledger.run(command)
      this.afterSubmit(command)
      return Promise.resolve(outcome)
    }
    const loop = { view: () => this.ledger.engine.committed, submit }
    // The parts of a repository that a worker asks for.
    return { id: 'test/shop', host: { loop } } as unknown as Repo
  }

  #around(): WorkerAround {
    const env = { ...process.env, ...IDENTITY, SKEIN_HOME: this.home }
    const workerGit = createWorkerGit({ env, helperFolder: () => this.home })
    const launcher = (): Launcher => {
      // Whatever words its kind of launcher has: nobody reads them.
      const command = path.join(this.home, 'script')
      writeFileSync(command, `#!/bin/sh\n${this.script}\n`, { mode: 0o755 })
      return { kind: this.kind, command, args: [], env: {}, model: null, deny: [] }
    }
    return {
      ...{ home: this.home, machine: 'm', env, supervisor: [process.execPath, SUPERVISOR] },
      bridge: [],
      git: {
        ...workerGit,
        push: (folder, branch) => {
          git(folder, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
          return Promise.resolve(this.tip(branch))
        },
      },
      now: () => performance.now(),
      wall: () => Date.now(),
      accept: launcher,
      admit: () => null,
      budgetOf: () => null,
      spend: () => null,
      runMsMax: 60_000,
      pause: (name, untilMs) => {
        this.pauses.push([name, untilMs])
      },
      cloneOf: () => Promise.resolve({ root: this.clone, trunk: 'main' }),
      keepWork: () => Promise.resolve(null),
      restoreWork: () => Promise.resolve(false),
      forget: () => undefined,
      note: () => undefined,
      ...this.around,
    }
  }

  #endAll(): void {
    for (const id of this.ledger.engine.committed.state.assignments.keys()) {
      const running = openWorkerFiles(this.folder(id)).running()
      if (running === null) continue
      for (const pid of [running.supervisor.pid, -running.worker.pid])
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended.
        }
    }
  }
}
