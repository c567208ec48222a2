// What surrounds the views: the bar with the repository, the way to the views, what is wrong now, and how an act went.
import { useEffect, useRef, type ReactNode } from 'react'
import type { RepoId } from '../../protocol/index.ts'
import { alarmsOf } from '../client/board/standing.ts'
import { isOpen } from '../client/board/workers.ts'
import { useBoard, type ViewName } from './state/board.ts'
import { leave } from './state/login.ts'
import { useTheme, type Theme } from './state/settings.ts'

const VIEW_NAMES: readonly (readonly [ViewName, string])[] = [
  ['overview', 'Overview'],
  ['claims', 'Claims'],
  ['queue', 'Queue'],
  ['requests', 'Requests'],
  ['workers', 'Workers'],
  ['hotspots', 'Hot spots'],
  ['timeline', 'Timeline'],
  ['events', 'Events'],
]

const THEME_NAMES: Readonly<Record<Theme, string>> = {
  system: 'Colours: system',
  light: 'Colours: light',
  dark: 'Colours: dark',
}

export function Bar({ onLeave }: { onLeave: () => void }): ReactNode {
  const { snapshot, repo, setRepo, login } = useBoard()
  const [theme, turn] = useTheme()
  const repos = snapshot.status?.repos ?? []
  const { kind } = snapshot.connection
  return (
    <header className="bar">
      <h1>skein</h1>
      <label className="repo">
        <span className="hidden">Repository</span>
        <select
          value={repo?.id ?? ''}
          onChange={(event) => {
            setRepo(event.target.value as RepoId)
          }}
        >
          {repos.length === 0 ? <option value="">no repository</option> : null}
          {repos.map(({ id }) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <span className={`connection ${kind}`} role="status">
        {kind === 'live' ? 'live' : 'reconnecting'}
      </span>
      <span className="bar-end">
        {login.mayAct ? null : <span className="quiet">shows only</span>}
        <button
          type="button"
          className="button ghost"
          onClick={turn}
          aria-label={THEME_NAMES[theme]}
          title={THEME_NAMES[theme]}
        >
          ◐
        </button>
        <button
          type="button"
          className="button ghost"
          onClick={() => {
            void leave(login).catch(() => undefined)
            onLeave()
          }}
        >
          Log out
        </button>
      </span>
    </header>
  )
}

export function Navigation({ view }: { view: ViewName }): ReactNode {
  const { claims, workers, repo, go } = useBoard()
  const counts: Readonly<Partial<Record<ViewName, number>>> = {
    claims: claims.length,
    queue: repo?.queue.length ?? 0,
    requests: repo?.ledger.asked.size ?? 0,
    workers: workers.filter(isOpen).length,
  }
  const shown = useRef<HTMLAnchorElement>(null)
  // On a phone they stand in a row that is wider than the screen.
  useEffect(() => {
    shown.current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [view])
  return (
    <nav aria-label="Views">
      {VIEW_NAMES.map(([name, text]) => (
        <a
          key={name}
          ref={name === view ? shown : null}
          href={`#/${name}`}
          aria-current={name === view ? 'page' : undefined}
          onClick={(event) => {
            event.preventDefault()
            go(name)
          }}
        >
          {text}
          {(counts[name] ?? 0) === 0 ? null : <span className="count">{counts[name]}</span>}
        </a>
      ))}
    </nav>
  )
}

/** What is wrong now, in words that need no colour. */
export function Alarms(): ReactNode {
  const { snapshot, repo } = useBoard()
  const alarms = alarmsOf(snapshot, repo)
  return (
    <div role="alert" className="alarms">
      {alarms.map(({ level, word, text }) => (
        <p key={word} className={`alarm ${level}`}>
          <strong>{word}</strong> <span>{text}</span>
        </p>
      ))}
    </div>
  )
}

const SAID_MS = 6_000

export function Toast({ text, onDone }: { text: string; onDone: () => void }): ReactNode {
  useEffect(() => {
    if (text === '') return
    const timer = setTimeout(onDone, SAID_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [text])
  return (
    <div className="toast" role="status">
      {text === '' ? null : <p>{text}</p>}
    </div>
  )
}
