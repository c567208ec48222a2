// What machines ask each other before work is planned: what are you good for, and how many workers would you take? Only members that
// have the repository ask.
import { z } from 'zod'
import { asRepoId, LIMITS, SkeinError, type PeerId, type RepoId } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { Facts, MachineFacts } from '../ports-facts.ts'
import type { Mesh } from './mesh.ts'

const FACTS = 'fleet.facts'
/** Programs may be looked for first, once in some minutes. */
const ASK_MS = 10_000

const name = z.string().max(LIMITS.nameCharactersMax)
const asked = z.looseObject({ repo: name, dependsOn: z.array(name).max(LIMITS.idsMax) })
const text = z.string().max(1_000)
const names = z.array(name).max(200)
const answer = z.looseObject({
  capabilities: names,
  doubts: z.array(text).max(200),
  launchers: z.array(z.looseObject({ name, isThere: z.boolean() })).max(200),
  workersMax: z.int().min(0),
  free: z.int().min(0),
  refusal: text.nullable(),
  quiet: text.nullable(),
  stale: names,
})

type Asker = Pick<Mesh, 'board' | 'member' | 'state'>

export function answerFacts(mesh: Asker, facts: Facts): void {
  mesh.board.answer(FACTS, async (from, body) => {
    const { success, data } = asked.safeParse(body)
    const { machines = [] } = mesh.state().repos.get(asRepoId(data?.repo ?? '')) ?? {}
    if (!success || mesh.member(from) === undefined || !machines.includes(from))
      throw new SkeinError('INPUT_SCHEMA', 'that asks nothing about a machine')
    return facts.of(from, asRepoId(data.repo), data.dependsOn.map(asRepoId))
  })
}

/** @throws SkeinError PEER_UNREACHABLE */
export async function askFacts(
  { board }: Pick<Mesh, 'board'>,
  peer: PeerId,
  question: { readonly repo: RepoId; readonly dependsOn: readonly RepoId[] },
): Promise<MachineFacts> {
  const parsed = answer.safeParse(await board.ask(peer, FACTS, question, ASK_MS))
  if (!parsed.success)
    throw new SkeinError('PEER_UNREACHABLE', `${peer} did not say what it is good for`)
  const { data } = parsed
  return {
    ...data,
    capabilities: data.capabilities.map(clean),
    doubts: data.doubts.map(clean),
    launchers: data.launchers.map(({ name: of, isThere }) => ({ name: clean(of), isThere })),
    refusal: data.refusal === null ? null : clean(data.refusal),
    quiet: data.quiet === null ? null : clean(data.quiet),
    stale: data.stale.map(asRepoId),
  }
}
