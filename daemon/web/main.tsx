// The page's start: a login out of the address or the tab, then the board; without one, how to get one.
import { StrictMode, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { App } from './app.tsx'
import { openFeed } from './state/feed.ts'
import { enter, forget } from './state/login.ts'

const place = document.querySelector('#root')
if (place !== null) void start(createRoot(place))

async function start(root: Root): Promise<void> {
  const login = await enter().catch(() => null)
  if (login === null) {
    root.render(<NoLogin />)
    return
  }
  const feed = openFeed(login)
  let isOver = false
  const end = (): void => {
    if (isOver) return
    isOver = true
    feed.close()
    forget()
    root.render(<NoLogin />)
  }
  addEventListener('online', feed.retry)
  root.render(
    <StrictMode>
      <App login={login} feed={feed} onEnd={end} />
    </StrictMode>,
  )
  // A link that is opened in a tab that is open already.
  addEventListener('hashchange', () => {
    if (/^#[\w-]{43}$/.test(location.hash)) location.reload()
  })
}

function NoLogin(): ReactNode {
  return (
    <main className="no-login">
      <h1>skein</h1>
      <p>This page has no login, or its login has ended.</p>
      <p>
        Run <code>skein web</code> in a terminal of this machine: it opens the board with a link
        that works once.
      </p>
    </main>
  )
}
