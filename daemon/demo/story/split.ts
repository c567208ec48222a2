// The second half: one machine loses the others, both sides go on as they may, and when the network is whole again one record
// settles what they did. All with the daemons' own timers.
import type { OperationResult } from '../../../protocol/index.ts'
import { until } from '../patience.ts'
import type { ClaimFacts } from '../scenery/agent.ts'
import { REPO } from '../scenery/repository.ts'
import type { AgentName } from '../scenery/scenery.ts'
import { failure } from './claims.ts'
import { asking, require, secondsSince, type Stage } from './stage.ts'

const CUT = 'laptop'
const FREE = { pattern: 'README.md' }
const CONTESTED = { pattern: 'src/mail/welcome.ts' }

/** Provisional claims, by what becomes of them. */
export interface Noted {
  readonly kept: ClaimFacts
  readonly lost: ClaimFacts
}

export async function split(stage: Stage): Promise<Noted> {
  const { scenery } = stage
  const machine = scenery.machine(CUT)
  await stage.tell({
    kind: 'act',
    title: `The network of ${CUT} goes`,
    text: 'Two of three are a majority and go on. The third grants nothing: exit 2, or a note that is settled later.',
  })
  scenery.cutOff(machine)
  const others = scenery.machines.filter((one) => one !== machine).map(({ name }) => name)
  await stage.tell({ kind: 'network.cut', machine: CUT, others })
  const going = [askForGood(stage), note(stage, 'finn', FREE, 'say how to start')] as const
  const contested = note(stage, 'theo', CONTESTED, 'greet by name')
  const held = meetWhatWasHeld(stage)
  const won = goOn(stage)
  const [, kept, lost] = await Promise.all([...going, contested, held, won])
  await lookAround(stage)
  require(kept !== null && lost !== null, 'a provisional claim was not noted')
  return { kept, lost }
}

/** What every command of the cut-off side is told: here the program itself, as somebody types it. */
async function askForGood(stage: Stage): Promise<void> {
  const june = stage.scenery.agent('june')
  const scope = { pattern: 'src/stock/**' }
  const started = performance.now()
  const { exit, output } = await june.type('claim', scope.pattern)
  const [message = ''] = output.split('\n')
  await stage.tell({
    ...{ kind: 'claim.unconfirmed', ...asking(june, scope) },
    ...{ exit, message, seconds: secondsSince(started) },
  })
  require(exit === 2, 'a machine without a majority did not say so')
}

async function note(
  stage: Stage,
  name: AgentName,
  scope: { readonly pattern: string },
  why: string,
): Promise<ClaimFacts | null> {
  const agent = stage.scenery.agent(name)
  const started = performance.now()
  const answer = await agent.claim(scope, why, { provisional: true })
  const [claim] = answer.claims
  if (claim === undefined || answer.status !== 'provisional') {
    await stage.tellRefused(agent, scope, answer)
    return null
  }
  stage.countProvisional()
  await stage.tell({
    ...{ kind: 'claim.provisional', ...asking(agent, scope) },
    ...{ claim: claim.id, seconds: secondsSince(started) },
  })
  return claim
}

/** What was held when the network split is respected on both sides. */
async function meetWhatWasHeld(stage: Stage): Promise<void> {
  const noted = await note(stage, 'rosa', { pattern: 'src/search/rank.ts' }, 'rank by price')
  require(noted === null, 'a note was taken over what another held before the split')
}

/** The majority grants the same file meanwhile. Where it has to elect a leader first, the agent asks again. */
async function goOn(stage: Stage): Promise<void> {
  const zoe = stage.scenery.agent('zoe')
  const scope = { pattern: 'src/mail/**' }
  const answer = await until(
    'the majority grants',
    () => zoe.claim(scope, 'new mails'),
    stage.scenery.signal,
  )
  require(answer.status === 'granted', 'the majority did not grant what was free')
  await stage.tellGranted(zoe, scope, answer)
}

/** Reading goes on, from what the machine knew. */
async function lookAround(stage: Stage): Promise<void> {
  const june = stage.scenery.agent('june')
  const { claims, as_of } = await june.call('claims')
  const status = await june.call('status')
  const quorum = status.repos.find(({ id }) => id === REPO)?.quorum ?? false
  await stage.tell({
    kind: 'machine.knows',
    machine: CUT,
    claims: claims.length,
    quorum,
    index: as_of.index,
  })
}

export async function settle(stage: Stage, { kept, lost }: Noted): Promise<void> {
  const { scenery } = stage
  const machine = scenery.machine(CUT)
  await stage.tell({
    kind: 'act',
    title: 'The network is whole again',
    text: 'One record settles every note: what met nothing is granted under its id, what lost is told to whom.',
  })
  const started = performance.now()
  scenery.heal()
  await stage.tell({ kind: 'network.healed', machine: CUT })
  const { leader, term } = await until(
    `${CUT} is back with the majority`,
    async () => {
      const { repos } = await machine.call('status')
      return repos.find(({ id, quorum }) => id === REPO && quorum)
    },
    scenery.signal,
  )
  const seconds = secondsSince(started)
  await stage.tell({ kind: 'machine.back', machine: CUT, leader, term, seconds })
  await tellPromoted(stage, kept)
  await tellSuperseded(stage, lost)
  await stage.claim('june', { pattern: 'src/stock/**' }, 'count what is there')
}

async function tellPromoted(stage: Stage, { id }: ClaimFacts): Promise<void> {
  const finn = stage.scenery.agent('finn')
  const claim = await until(
    'the note that met nothing is a claim',
    async () => {
      const { claims } = await finn.call('claims')
      return claims.find((one) => one.id === id && one.state === 'active')
    },
    stage.scenery.signal,
  )
  const { fence } = claim
  await stage.tell({ kind: 'claim.promoted', ...asking(finn, FREE), claim: id, fence })
}

/** Whatever its session does next, it hears who won, and what to do. */
async function tellSuperseded(stage: Stage, { id }: ClaimFacts): Promise<void> {
  const theo = stage.scenery.agent('theo')
  const error = await until(
    'the note that lost is told so',
    async () => {
      const told = await failure(theo.call('renew', { ids: [id] }))
      return told?.code === 'CLAIM_ENDED' && told
    },
    stage.scenery.signal,
  )
  const { message, hint } = error
  await stage.tell({
    ...{ kind: 'claim.superseded', ...asking(theo, CONTESTED) },
    ...{ claim: id, message, hint },
  })
}

/** All machines say the same of the same moment. */
export async function compare(stage: Stage): Promise<void> {
  const { machines, signal } = stage.scenery
  await stage.tell({
    kind: 'act',
    title: 'Three machines, one answer',
    text: 'Who holds what now, as each of them says it by itself.',
  })
  const claims = await until(
    'all machines list the same claims',
    async () => {
      const lists = await Promise.all(
        machines.map(async (machine) => (await machine.call('claims', { repo: REPO })).claims),
      )
      const [first = []] = lists
      return new Set(lists.map(fingerprint)).size === 1 && first
    },
    signal,
  )
  await stage.tell({
    kind: 'mesh.agreed',
    machines: machines.map(({ name }) => name),
    claims: claims.map(({ agent, machine, pattern, symbols, fence }) => ({
      ...{ agent, machine, pattern, symbols, fence },
    })),
  })
  for (const machine of machines) {
    const { ok, events } = await machine.call('audit/verify', { repo: REPO })
    await stage.tell({ kind: 'audit.verified', machine: machine.name, events, ok })
  }
}

function fingerprint(claims: OperationResult<'claims'>['claims']): string {
  return claims
    .map(({ id, fence, state }) => `${id} ${String(fence)} ${state}`)
    .sort()
    .join('\n')
}
