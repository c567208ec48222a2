// How it came to what is chosen: asked for a moment after the choice stands still, and again when the thing itself changes.
import { useEffect, useState } from 'react'
import type { BoardHost } from '../../daemon/client/board-host.ts'
import { clockOf } from '../../daemon/client/board/times.ts'
import { SkeinError, tellEvent, type AuditEvent, type RepoId } from '../../protocol/index.ts'
import { asEvents, idOf, type Subject } from '../model/board.ts'
import type { Story } from '../model/detail.ts'

/** Whoever scrolls through a list asks for none of it. */
const STILL_MS = 150
const EVENTS_MAX = 50
const ASKING: Story = { kind: 'asking', lines: [] }

/** @param asks rises when it is to be asked for again. */
export function useStory(
  host: BoardHost,
  repo: RepoId | null,
  subject: Subject | null,
  asks: number,
): Story {
  const key = subject === null ? '' : `${subject.kind} ${idOf(subject)}`
  const revision = subject === null ? '' : revisionOf(subject)
  const [known, setKnown] = useState<{ readonly key: string; readonly story: Story } | null>(null)
  useEffect(() => {
    if (subject === null || repo === null) return undefined
    let isOver = false
    const tell = (story: Story): void => {
      if (!isOver) setKnown({ key, story })
    }
    const timer = setTimeout(() => {
      ask(host, repo, subject).then(
        (events) => {
          const lines = events.map((event) => storyLine(event, host.now()))
          tell({ kind: 'told', lines })
        },
        (error: unknown) => {
          tell({ kind: 'failed', lines: [error instanceof SkeinError ? error.message : 'failed'] })
        },
      )
    }, STILL_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
    // The subject is made anew with each snapshot; its key and revision say whether it is another one.
  }, [host, repo, key, revision, asks])
  return known?.key === key ? known.story : ASKING
}

/** The newest first. */
async function ask(
  host: BoardHost,
  repo: RepoId,
  subject: Subject,
): Promise<readonly AuditEvent[]> {
  if (subject.kind === 'event') return [subject.event]
  if (subject.kind === 'machine' || subject.kind === 'repo') {
    const about = subject.kind === 'machine' ? { repo, about: subject.machine.machine } : {}
    const asked = subject.kind === 'repo' ? { repo: subject.repo.id } : about
    const { events } = await host.call('events', { ...asked, limit: EVENTS_MAX })
    return asEvents(events).toReversed()
  }
  const id = idOf(subject)
  const isTask = subject.kind === 'folder' && id.endsWith(':')
  if (isTask) return []
  const pattern = subject.kind === 'folder' ? `${id}/**` : id
  const { events } = await host.call('why', { repo, pattern, limit: EVENTS_MAX })
  return asEvents(events)
}

function storyLine(event: AuditEvent, nowMs: number): string {
  const text = tellEvent(event)
  const rest = text.startsWith(event.at) ? text.slice(event.at.length).trimStart() : text
  return `${clockOf(event.at, nowMs)}  ${rest}`
}

function revisionOf(subject: Subject): string {
  switch (subject.kind) {
    case 'claim': {
      const { state, expires_at: end, pattern, except } = subject.claim
      return [state, end, pattern, ...except.map(({ claim }) => claim)].join(' ')
    }
    case 'wait':
      return String(subject.entry.position)
    case 'request':
      return subject.request.decision
    case 'hotspot':
      return String(subject.hotspot.refused)
    case 'repo':
      return `${String(subject.repo.term)} ${String(subject.repo.quorum)}`
    case 'machine':
      return subject.machine.presence
    case 'worker': {
      const { state, state_at: at, verdicts, landing, stopping } = subject.worker
      return [state, at, ...verdicts.map((one) => one.at), landing?.at, stopping].join(' ')
    }
    case 'proposal':
      return String(subject.proposal.atMs)
    case 'folder':
      return String(subject.claims)
    case 'event':
      return ''
  }
}
