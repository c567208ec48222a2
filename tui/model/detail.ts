// The pane beside or instead of a list: everything that is known of what is chosen, and how it came to that.
import {
  CLAIM_STATES,
  loadText,
  presenceIn,
  slotsText,
  standingIn,
} from '../../daemon/client/board/standing.ts'
import { ageOf, clockOf, daysOf, leftUntil } from '../../daemon/client/board/times.ts'
import { wholeLabel } from '../../daemon/client/board/tree.ts'
import { waitersFor, wantedOf, whyWaits, type QueueRow } from '../../daemon/client/board/waits.ts'
import type { RequestRow } from '../../daemon/client/board/requests.ts'
import type { Claim } from '../../protocol/index.ts'
import type { Board, Hotspot, MachineNow, RepoNow, Subject } from './board.ts'
import { cutTo, folded, harmless } from './cells.ts'
import { countsText } from '../../daemon/client/board/workers.ts'
import { aboutProposal, aboutWorker } from './detail-worker.ts'
import type { About, Fact } from './facts.ts'
import { span, type Line } from './lines.ts'

/** How it came to that, as far as it has come from the daemon. */
export interface Story {
  readonly kind: 'asking' | 'told' | 'failed'
  readonly lines: readonly string[]
}

interface DetailLook {
  readonly width: number
  readonly nowMs: number
  /** What it said last, of a worker. */
  readonly tail: readonly string[]
}

const NAME_CELLS = 11

export function detailLines(
  subject: Subject,
  board: Board,
  story: Story,
  { width, nowMs, tail }: DetailLook,
): readonly Line[] {
  const { title, facts } = about(subject, board, nowMs)
  return [
    ...folded(title, width).map((text): Line => [span(text, 'strong')]),
    [],
    ...facts.filter(([, value]) => value !== '').flatMap((fact) => factLines(fact, width)),
    [],
    ...tailLines(tail, width),
    ...storyLines(story, width),
  ]
}

function about(subject: Subject, board: Board, nowMs: number): About {
  switch (subject.kind) {
    case 'claim':
      return aboutClaim(subject.claim, board, nowMs)
    case 'folder':
      return aboutFolder(subject.path, board)
    case 'wait':
      return aboutWait(subject.entry, nowMs)
    case 'request':
      return aboutRequest(subject.request, nowMs)
    case 'hotspot':
      return aboutHotspot(subject.hotspot, nowMs)
    case 'repo':
      return aboutRepo(subject.repo, board)
    case 'worker':
      return aboutWorker(subject.worker, board, nowMs)
    case 'proposal':
      return aboutProposal(subject.proposal, nowMs)
    case 'machine':
      return aboutMachine(subject.machine, board, nowMs)
    case 'event': {
      const { event } = subject
      const data = Object.entries(event.data).map(([name, value]): Fact => [name, textOf(value)])
      const place = `term ${String(event.term)}, index ${String(event.index)}`
      return {
        title: event.kind,
        facts: [
          ['at', `${clockOf(event.at, nowMs)} (${ageOf(event.at, nowMs)} ago)`],
          ['by', `${event.actor} on ${event.machine}`],
          ['record', place],
          ['id', event.id],
          ...data,
        ],
      }
    }
  }
}

function aboutClaim(claim: Claim, board: Board, nowMs: number): About {
  const state = CLAIM_STATES[claim.state]
  const waiters = waitersFor(claim.id, board.queue)
  const open = board.requests.filter(
    (request) => request.claim === claim.id && request.decision === 'pending',
  )
  const others = claim.except.map((part) => `${part.agent}: ${part.symbols.join(', ')}`)
  const tone = state.level === 'good' ? 'plain' : state.level
  return {
    title: wholeLabel(claim),
    facts: [
      ['state', `${state.sign} ${state.word}: ${state.text}`, tone],
      ['holder', `${claim.agent} on ${claim.machine}`],
      ['session', claim.session],
      ['branch', claim.branch ?? 'none'],
      ['for', claim.description],
      ['mode', `${claim.mode} ${claim.kind}${claim.narrowable ? ', may be narrowed' : ''}`],
      ['fence', claim.fence === null ? 'none: not agreed on' : String(claim.fence)],
      ['granted', `${clockOf(claim.granted_at, nowMs)} (${ageOf(claim.granted_at, nowMs)} ago)`],
      ['ends', `${clockOf(claim.expires_at, nowMs)} (${leftUntil(claim.expires_at, nowMs)} left)`],
      ['last sign', `${ageOf(claim.last_activity, nowMs)} ago`],
      ['not covered', others.join('; '), 'warning'],
      ['beside', claim.coexists_with.join(', ')],
      ...waiters.map((one): Fact => {
        return ['waits', `${one.agent} for ${wantedOf(one)} (${one.urgency})`, 'warning']
      }),
      ...open.map((one): Fact => ['asked', `by ${one.requester}: ${one.reason}`, 'warning']),
      ['id', claim.id],
    ],
  }
}

function aboutFolder(path: string, { claims }: Board): About {
  const inside = claims.filter(({ pattern }) => pattern.startsWith(`${path}/`))
  const holders = [...new Set(inside.map(({ agent }) => agent))]
  return {
    title: `${path}/`.replace(/:\/$/, ''),
    facts: [
      ['claims', String(inside.length)],
      ['holders', holders.join(', ')],
    ],
  }
}

function aboutWait(entry: QueueRow, nowMs: number): About {
  return {
    title: `${entry.agent} waits for ${wantedOf(entry)}`,
    facts: [
      ['why', whyWaits(entry), 'warning'],
      ['place', `${String(entry.position)}, ${entry.urgency}`],
      ['who', `${entry.agent} on ${entry.machine}`],
      ['session', entry.session],
      ['for', entry.description],
      ['since', `${clockOf(entry.joined_at, nowMs)} (${ageOf(entry.joined_at, nowMs)} ago)`],
      [
        'gives up',
        `${clockOf(entry.expires_at, nowMs)} (${leftUntil(entry.expires_at, nowMs)} left)`,
      ],
      ...entry.blocked_by.map((part): Fact => ['blocked by', `${part.agent}: ${part.claim}`]),
      ...entry.ahead.map((one): Fact => ['behind', `${one.agent}: ${one.id}`]),
      ['id', entry.id],
    ],
  }
}

function aboutRequest(request: RequestRow, nowMs: number): About {
  const isOpen = request.decision === 'pending'
  const what = request.scope ?? request.pattern ?? request.claim
  const left = `${clockOf(request.answer_by, nowMs)} (${leftUntil(request.answer_by, nowMs)} left)`
  return {
    title: `${request.requester} asks ${request.holder} for ${what}`,
    facts: [
      ['answer', isOpen ? 'OPEN' : request.decision, isOpen ? 'warning' : 'plain'],
      ['answer by', isOpen ? left : ''],
      ['reason', request.reason],
      ['note', request.note],
      ['urgency', request.urgency],
      ['asked', `${clockOf(request.filed_at, nowMs)} (${ageOf(request.filed_at, nowMs)} ago)`],
      ['claim', request.claim],
      ['granted', request.granted.join(', ')],
      ['keys', isOpen ? 'a approve, d deny, w narrow, c coexist' : ''],
      ['id', request.id],
    ],
  }
}

function aboutHotspot(hotspot: Hotspot, nowMs: number): About {
  return {
    title: hotspot.pattern,
    facts: [
      ['met', `${String(hotspot.refused)} times`],
      ['advice', `${hotspot.suggestion}: ${hotspot.why}`],
      ['agents', hotspot.agents.join(', ')],
      ['first', daysOf(hotspot.first_seen, nowMs)],
      ['last', daysOf(hotspot.last_seen, nowMs)],
      ['shared', hotspot.shared ? 'yes' : ''],
    ],
  }
}

function aboutRepo(repo: RepoNow, { snapshot }: Board): About {
  const { level, word } = standingIn(snapshot, repo)
  const ledger = snapshot.ledgers.find((one) => one.ledger === repo.id)
  return {
    title: repo.id,
    facts: [
      ['standing', word, level === 'good' ? 'plain' : level],
      ['problem', repo.problem ?? '', 'bad'],
      ['leader', `${repo.leader ?? 'none'}, term ${String(repo.term)}`],
      [
        'index',
        `${String(repo.commit_index)}${ledger === undefined ? '' : `, lag ${String(ledger.lag)}`}`,
      ],
      ['here', repo.role],
      ['voters', repo.voters.join(', ')],
      ['learners', ledger?.learners.join(', ') ?? ''],
      ['workers', countsText(repo.workers)],
      ['claims', `${String(repo.claims)}, ${String(repo.narrowed)} narrowed`],
      ['queue', repo.queued === 0 ? 'empty' : String(repo.queued)],
      ...repo.checkouts.map((root): Fact => ['checkout', root]),
    ],
  }
}

function aboutMachine(machine: MachineNow, { snapshot }: Board, nowMs: number): About {
  const peer = snapshot.peers.find(({ peer_id: id }) => id === machine.peer_id)
  const link = presenceIn(snapshot, machine.presence)
  return {
    title: machine.machine,
    facts: [
      ['link', `${link.word}: ${link.text}`, link.level === 'good' ? 'plain' : link.level],
      ['load', machine.load === null ? '' : `${loadText(machine.load)} for each core`],
      ['round trip', machine.rtt_ms === null ? '' : `${machine.rtt_ms.toFixed(1)} ms`],
      ['role', machine.role],
      ['version', machine.version ?? ''],
      ['workers', slotsText(machine)],
      ['votes in', machine.votes_in.join(', ')],
      ['heard', peer?.last_seen == null ? '' : `${ageOf(peer.last_seen, nowMs)} ago`],
      ['sent', peer === undefined ? '' : `${String(peer.sent_bytes)} bytes`],
      ['received', peer === undefined ? '' : `${String(peer.received_bytes)} bytes`],
      ['address', peer?.address ?? machine.addresses.join(', ')],
      ['advice', machine.advice ?? '', 'warning'],
      ['id', machine.peer_id],
    ],
  }
}

function factLines([name, value, tone = 'plain']: Fact, width: number): readonly Line[] {
  const room = Math.max(8, width - NAME_CELLS - 2)
  return folded(value, room).map((text, i): Line => {
    const label = (i === 0 ? name : '').padEnd(NAME_CELLS)
    return [span(`${label}  `, 'quiet'), span(text, tone)]
  })
}

function tailLines(tail: readonly string[], width: number): readonly Line[] {
  if (tail.length === 0) return []
  const lines = tail.map((line): Line => [span(cutTo(harmless(line), width))])
  return [[span('THE END OF ITS LOG (L follows it)', 'quiet')], ...lines, []]
}

function storyLines({ kind, lines }: Story, width: number): readonly Line[] {
  const head: Line = [span('HOW IT CAME TO THAT', 'quiet')]
  if (kind === 'asking' && lines.length === 0) return [head, [span('asking …', 'quiet')]]
  if (kind === 'failed') {
    const text = `${lines.join(' ')} (R asks again)`
    return [head, ...folded(text, width).map((line): Line => [span(line, 'warning')])]
  }
  if (lines.length === 0) return [head, [span('nothing yet', 'quiet')]]
  return [head, ...lines.flatMap((line) => folded(line, width).map((text): Line => [span(text)]))]
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map(partOf).join('; ') : JSON.stringify(value)
}

/** `machine bob, since 2026-…`: a list of small things is read more easily so than as JSON. */
function partOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return textOf(value)
  return Object.entries(value)
    .map(([name, part]) => `${name} ${textOf(part)}`)
    .join(', ')
}
