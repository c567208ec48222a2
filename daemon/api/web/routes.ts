// The board in the browser: its files, which anybody on this machine may read, for they are the same everywhere; and the trade of
// a code for a token. What the page shows it asks with that token at the other routes.
import { SkeinError } from '../../../protocol/index.ts'
import type { WebLogins } from '../../access/web-logins.ts'
import { readJson } from '../body.ts'
import type { HttpCall, Route } from '../http-call.ts'
import { createPages } from './pages.ts'

export function webRoutes(logins: Pick<WebLogins, 'redeem' | 'end'>): readonly Route[] {
  const pages = createPages()
  const file = (path: string, summary: string): Route => ({
    method: 'GET',
    path,
    access: 'open',
    about: { summary, tag: 'board', type: path === '/' ? 'text/html' : '*/*' },
    async answer({ request, response, params }) {
      await pages.send(params['name'] ?? 'index.html', request, response)
      return null
    },
  })
  return [
    file('/', 'The board of `skein web`'),
    file('/assets/{name}', 'What the board is made of'),
    {
      method: 'POST',
      path: '/web/login',
      access: 'open',
      about: { summary: 'A code of `skein web` for a token', tag: 'board' },
      async answer({ request }) {
        const { token, grant } = logins.redeem(codeIn(await readJson(request)))
        const body = { token, agent: grant.agent, may_act: grant.web?.mayAct === true }
        return { status: 200, body, headers: { 'cache-control': 'no-store' } }
      },
    },
    {
      method: 'POST',
      path: '/web/logout',
      access: 'token',
      about: { summary: 'End the token of this page', tag: 'board' },
      answer(call) {
        logins.end(bearerOf(call))
        return { status: 204 }
      },
    },
  ]
}

const CODE = /^[\w-]{43}$/

function codeIn({ code }: Readonly<Record<string, unknown>>): string {
  if (typeof code === 'string' && CODE.test(code)) return code
  throw new SkeinError('INPUT_SCHEMA', 'code: expected the code of a link of `skein web`', {
    hint: 'skein web',
  })
}

function bearerOf({ request: { headers } }: HttpCall): string {
  return (headers.authorization ?? '').replace(/^Bearer /i, '')
}
