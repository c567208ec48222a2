// Who this page is: a code out of the address becomes a token in sessionStorage, which lives as long as the tab. No cookies, and
// the code is out of the address bar before anything else happens.

export interface Login {
  readonly token: string
  /** As whom it acts. */
  readonly agent: string
  /** Was it opened by a person at a terminal? */
  readonly mayAct: boolean
}

const KEY = 'skein.login'
const CODE = /^#([\w-]{43})$/

/** The login of this tab: traded for the code in the address, or the one it had; null: there is none. */
export async function enter(): Promise<Login | null> {
  const code = takeCode()
  if (code === null) return known()
  const login = await trade(code)
  if (login === null) return known()
  sessionStorage.setItem(KEY, JSON.stringify(login))
  return login
}

export function forget(): void {
  sessionStorage.removeItem(KEY)
}

/** Ends the token at the daemon, too. */
export async function leave({ token }: Login): Promise<void> {
  forget()
  await fetch('/web/logout', { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

function takeCode(): string | null {
  const code = CODE.exec(location.hash)?.[1] ?? null
  if (code !== null) history.replaceState(null, '', '/')
  return code
}

async function trade(code: string): Promise<Login | null> {
  const response = await fetch('/web/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  })
  if (!response.ok) return null
  const {
    token,
    agent,
    may_act: mayAct,
  } = (await response.json()) as {
    token: string
    agent: string
    may_act: boolean
  }
  return { token, agent, mayAct }
}

function known(): Login | null {
  const text = sessionStorage.getItem(KEY)
  return text === null ? null : (JSON.parse(text) as Login)
}
