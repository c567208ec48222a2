// Three voters, nine agents that do whatever they like, a network that splits again and again; and after each stretch the boards of
// every machine beside what its program answers. A machine that is cut off shows something else than the others, and its boards
// show just that.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { sha256 } from '../../../daemon/sha256.ts'
import { useSha256 } from '../../../protocol/index.ts'
import { createCleaner } from '../../helpers/cleanup.ts'
import { heal, isolate, REPO, startMesh, type Machine, type TestMesh } from '../../helpers/mesh.ts'
import { mulberry } from '../../helpers/mulberry.ts'
import { until } from '../../helpers/poll.ts'
import { CODE, DECLARATIONS, RandomAgent } from './agents.ts'
import { openPage, type BoardPage } from './page.ts'
import { Boards, untilSame } from './picture.ts'

export interface BoardsRunOptions {
  readonly seed: number
  readonly operations: number
  readonly splits: number
  /** Also the rows of the page in a real browser. */
  readonly browser?: boolean
  readonly onStretch?: (report: BoardsReport) => void
}

export interface BoardsReport {
  operations: number
  /** How often what was answered how. */
  readonly counts: Record<string, number>
  splits: number
  /** Moments at which everything was the same, and how many claims there were then. */
  readonly agreed: number[]
  /** Of them without a majority, on the machine that was cut off. */
  provisional: number
}

const AGENTS_PER_MACHINE = 3

export async function runBoards(options: BoardsRunOptions): Promise<BoardsReport> {
  useSha256(sha256)
  const cleaner = createCleaner()
  try {
    const mesh = await startMesh(cleaner, { voters: 3, lines: true })
    for (const { cwd } of mesh.machines) writeCode(cwd)
    const boards = await Promise.all(mesh.machines.map((one) => Boards.open(cleaner, one)))
    const page = options.browser === true ? await openPage(cleaner) : null
    return await new Run(options, mesh, boards, page).run()
  } finally {
    await cleaner.run()
  }
}

class Run {
  readonly #options: BoardsRunOptions
  readonly #mesh: TestMesh
  readonly #boards: readonly Boards[]
  readonly #page: BoardPage | null
  readonly #random: () => number
  readonly #report: BoardsReport
  readonly #agents: readonly RandomAgent[]

  constructor(
    options: BoardsRunOptions,
    mesh: TestMesh,
    boards: readonly Boards[],
    page: BoardPage | null,
  ) {
    this.#options = options
    this.#mesh = mesh
    this.#boards = boards
    this.#page = page
    this.#random = mulberry(options.seed)
    this.#report = { operations: 0, counts: {}, splits: 0, agreed: [], provisional: 0 }
    this.#agents = mesh.machines.flatMap((machine, i) =>
      Array.from({ length: AGENTS_PER_MACHINE }, (_, j) => {
        const at = i * AGENTS_PER_MACHINE + j
        const name = `${machine.name}-${String(j)}`
        return new RandomAgent(machine, name, mulberry(options.seed + at), this.#report.counts)
      }),
    )
  }

  /** Stretches with the network whole, and between any two of them one in which a machine is cut off. */
  async run(): Promise<BoardsReport> {
    const { splits, operations } = this.#options
    const stretches = 2 * splits + 1
    for (let stretch = 0; stretch < stretches; stretch++) {
      const isSplit = stretch % 2 === 1
      const upTo = Math.round((operations * (stretch + 1)) / stretches)
      if (isSplit) await this.#apart(upTo)
      else await this.#together(upTo)
      this.#options.onStretch?.(this.#report)
    }
    return this.#report
  }

  async #together(upTo: number): Promise<void> {
    await this.#act(upTo)
    await this.#agree('the network is whole')
  }

  async #apart(upTo: number): Promise<void> {
    const machines = this.#mesh.machines
    const cut = machines[Math.floor(this.#random() * machines.length)]
    if (cut === undefined) throw new Error('three machines')
    await isolate(this.#mesh, cut)
    this.#report.splits++
    await this.#act(upTo)
    const alone = this.#agents.find(({ machine }) => machine === cut)
    await alone?.note(`alone/${String(this.#report.splits)}.md`)
    const when = `${cut.name} is cut off`
    for (const one of this.#boards) {
      const claims = await one.untilAgreed(when)
      const noted = claims.filter(({ state }) => state === 'provisional').length
      if (one.machine === cut) this.#report.provisional += noted
    }
    await this.#lookAtPage(cut)
    await heal(this.#mesh)
    for (const machine of machines) await untilFollows(machine)
    await this.#agree(`${cut.name} is back`)
  }

  async #agree(when: string): Promise<void> {
    const claims = await untilSame(this.#boards, when)
    this.#report.agreed.push(claims.length)
    const [machine] = this.#mesh.machines
    if (machine !== undefined) await this.#lookAtPage(machine)
  }

  async #lookAtPage(machine: Machine): Promise<void> {
    await this.#page?.untilShows(machine)
  }

  /** Each agent takes the next operation when it is done with its last: who is cut off is slower. */
  async #act(upTo: number): Promise<void> {
    const share = Math.ceil((upTo - this.#report.operations) / this.#agents.length)
    await Promise.all(
      this.#agents.map(async (agent) => {
        for (let left = share; left > 0; left--) await agent.act()
      }),
    )
    this.#report.operations += share * this.#agents.length
  }
}

async function untilFollows(machine: Machine): Promise<void> {
  await until(
    `${machine.name} follows`,
    async () => {
      const ledger = await machine.ledger(REPO)
      return ledger?.attached === true && ledger.leader !== null
    },
    { withinMs: 60_000, everyMs: 50 },
  )
}

/** Declarations to claim, as somebody works on them: not committed. */
function writeCode(root: string): void {
  const text = DECLARATIONS.map((name) => `export function ${name}() {\n  return 1\n}\n`).join('\n')
  for (const file of CODE) writeFileSync(path.join(root, file), text)
}
