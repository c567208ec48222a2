// The past, to be scrubbed through: lanes of claims and waits, marks where somebody met somebody, and what held at the moment.
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { clockOf } from '../../client/board/times.ts'
import { momentOf, nextCollision, recentHistory, type History } from '../model/moments.ts'
import { lanesOf } from '../model/lanes.ts'
import { Hours } from '../parts/hours.tsx'
import { Lanes } from '../parts/lanes.tsx'
import { Card, Empty, Name, Pill } from '../parts/small.tsx'
import { useBoard } from '../state/board.ts'
import { useKept } from '../state/settings.ts'
import { wordsOf } from './overview.tsx'

const LANES_MAX = 40

export function Timeline(): ReactNode {
  const { log, claims, hours } = useBoard()
  const history = useMemo(
    () => recentHistory(log.events, claims, hours, Date.now()),
    [log.events, claims, hours],
  )
  const [kept, setAt] = useKept<number | null>('timeline.at', null)
  const at = Math.min(history.untilMs, Math.max(history.fromMs, kept ?? history.untilMs))
  const lanes = useMemo(() => lanesOf(history, LANES_MAX), [history])
  if (log.events.length === 0)
    return (
      <Empty title={log.isRead ? 'Nothing happened in these hours.' : 'Reading the audit log …'} />
    )
  return (
    <div className="page">
      <Scrubber history={history} at={at} isNow={kept === null} setAt={setAt} />
      <Card title="Lanes" note={`${String(lanes.length)} of what was held, wanted or refused`}>
        <Lanes lanes={lanes} history={history} at={at} onPick={setAt} />
      </Card>
      <div className="cards">
        <Moment history={history} at={at} />
        <Around at={at} onPick={setAt} />
      </div>
    </div>
  )
}

interface ScrubberOptions {
  readonly history: History
  readonly at: number
  readonly isNow: boolean
  readonly setAt: (at: number | null) => void
}

const PLAY_MS = 50
/** The whole of the hours in some seconds. */
const PLAY_STEPS = 240

function Scrubber({ history, at, isNow, setAt }: ScrubberOptions): ReactNode {
  const { fromMs, untilMs } = history
  const [isPlaying, setPlaying] = usePlaying({ history, at, setAt })
  const jump = (way: 'back' | 'on'): void => {
    const found = nextCollision(history, at, way)
    if (found !== null) setAt(found.atMs)
  }
  return (
    <div className="scrubber">
      <div className="tools">
        <strong className="moment-time number">
          {isNow ? 'now' : clockOf(new Date(at).toISOString(), untilMs)}
        </strong>
        <button
          type="button"
          className="button"
          onClick={() => {
            jump('back')
          }}
        >
          Collision before
        </button>
        <button
          type="button"
          className="button"
          onClick={() => {
            setPlaying(!isPlaying)
            if (isNow) setAt(fromMs)
          }}
        >
          {isPlaying ? 'Pause' : 'Play'}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => {
            jump('on')
          }}
        >
          Collision after
        </button>
        <button
          type="button"
          className="button"
          disabled={isNow}
          onClick={() => {
            setAt(null)
          }}
        >
          Now
        </button>
        <Hours />
      </div>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={new Date(at).toLocaleString()}
        min={fromMs}
        max={untilMs}
        step={Math.max(1, Math.round((untilMs - fromMs) / 2_000))}
        value={at}
        onChange={(event) => {
          setAt(Number(event.target.value))
        }}
      />
    </div>
  )
}

/** Moves the moment on while it plays. */
function usePlaying({
  history: { fromMs, untilMs },
  at,
  setAt,
}: Omit<ScrubberOptions, 'isNow'>): readonly [boolean, (isPlaying: boolean) => void] {
  const [isPlaying, setPlaying] = useState(false)
  useEffect(() => {
    if (!isPlaying) return
    const timer = setTimeout(() => {
      const next = at + (untilMs - fromMs) / PLAY_STEPS
      setAt(next < untilMs ? next : null)
      if (next >= untilMs) setPlaying(false)
    }, PLAY_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [isPlaying, at, fromMs, untilMs, setAt])
  return [isPlaying, setPlaying]
}

const HELD_SHOWN = 40

function Moment({ history, at }: { history: History; at: number }): ReactNode {
  const held = useMemo(() => momentOf(history, at), [history, at])
  const claims = held.filter(({ kind }) => kind === 'claim')
  const waits = held.filter(({ kind }) => kind === 'wait')
  const note = `${String(claims.length)} claims, ${String(waits.length)} waits`
  return (
    <Card title="At this moment" note={note}>
      <ul className="held" data-moment="">
        {[...waits, ...claims].slice(0, HELD_SHOWN).map((span) => (
          <li key={span.id}>
            <Name>{span.agent}</Name>
            <span className="quiet">{span.kind === 'claim' ? 'holds' : 'waits for'}</span>
            <bdi className="path">{span.pattern}</bdi>
            {span.mode === 'shared' ? <Pill level="plain">shared</Pill> : null}
            {span.kind === 'wait' ? <Pill level="warning">{span.urgency}</Pill> : null}
          </li>
        ))}
      </ul>
      {held.length === 0 ? <Empty title="Nothing was held." /> : null}
      {held.length > HELD_SHOWN ? (
        <p className="quiet">and {held.length - HELD_SHOWN} more</p>
      ) : null}
    </Card>
  )
}

const AROUND = 6

/** The events on both sides of the moment. */
function Around({ at, onPick }: { at: number; onPick: (at: number) => void }): ReactNode {
  const { log } = useBoard()
  const next = log.events.findIndex((event) => Date.parse(event.at) > at)
  const middle = next < 0 ? log.events.length : next
  const around = log.events.slice(Math.max(0, middle - AROUND), middle + AROUND / 2)
  return (
    <Card title="What happened around it">
      <ol className="around">
        {around.map((event) => (
          <li key={event.id} className={Date.parse(event.at) > at ? 'later' : ''}>
            <button
              type="button"
              className="link plain"
              onClick={() => {
                onPick(Date.parse(event.at))
              }}
            >
              <span className="quiet number">{clockOf(event.at, Date.now())}</span>
              <span>{wordsOf(event)}</span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  )
}
