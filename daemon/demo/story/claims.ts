// The first half: twelve agents share out the repository, wait, ask each other, and land what they did.
import { SkeinError } from '../../../protocol/index.ts'
import { until } from '../patience.ts'
import { asking, require, type Stage } from './stage.ts'

/** Places in the queue that somebody has, to be granted later. */
export interface Waits {
  readonly login: Promise<void>
  readonly price: Promise<void>
  readonly checkout: Promise<void>
}

export async function shareOut(stage: Stage): Promise<Waits> {
  await stage.tell({
    kind: 'act',
    title: 'Twelve agents ask before they write',
    text: 'Each session asks for its files, or for single declarations in one. One place decides, and says why.',
  })
  await stage.claim('mara', { pattern: 'src/auth/**' }, 'rework login')
  await stage.claim('rosa', { pattern: 'src/cart/**' }, 'prices in cents')
  await stage.claim('pia', { pattern: 'src/pay/**' }, 'refunds in parts')
  await stage.claim('omar', { pattern: 'docs/**' }, 'rewrite the guide')
  await stage.claim('lena', { pattern: 'src/search/**' }, 'rank by sales')
  await stage.claim('ivan', { pattern: 'test/**' }, 'fewer flaky tests')
  await stage.claim('theo', { pattern: 'src/router.ts', symbol: 'Router::match' }, 'match globs')
  await stage.claim('hugo', { pattern: 'src/router.ts', symbol: 'Router::handle' }, 'log requests')
  await stage.claim('june', { pattern: 'src/auth/login.ts' }, 'fix a typo')
  const { turn: login } = await stage.wait('june', { pattern: 'src/auth/login.ts' }, 'fix a typo')
  const { turn: price } = await stage.wait('nils', { pattern: 'src/cart/price.ts' }, 'add taxes')
  const { turn: checkout } = await circle(stage)
  await askForALittle(stage)
  return { login, price, checkout }
}

/** Rosa waits for Pia; if Pia waited for Rosa too, both would wait for ever. */
async function circle(stage: Stage): Promise<{ turn: Promise<void> }> {
  const { turn } = await stage.wait('rosa', { pattern: 'src/pay/checkout.ts' }, 'pay in cents')
  const pia = stage.scenery.agent('pia')
  const scope = { pattern: 'src/cart/cart.ts' }
  const error = await failure(pia.claim(scope, 'refund a cart', { wait_s: 60 }))
  require(error?.code === 'CLAIM_DEADLOCK', 'a wait that closes a circle was not refused')
  const { cycle } = error.data as { readonly cycle: readonly string[] }
  const { message } = error
  await stage.tell({ kind: 'claim.circle', ...asking(pia, scope), cycle, message })
  stage.countRefused()
  return { turn }
}

/** A holder is asked for one file, and gives up as much as it can. */
async function askForALittle(stage: Stage): Promise<void> {
  const [zoe, omar] = [stage.scenery.agent('zoe'), stage.scenery.agent('omar')]
  const scope = { pattern: 'docs/api.md' }
  const refused = await zoe.claim(scope, 'document refunds')
  await stage.tellRefused(zoe, scope, refused)
  const [met] = refused.conflicts
  require(met !== undefined, 'nobody is named as the holder of docs/api.md')
  const reason = 'refunds are not in there yet'
  const asked = await zoe.call('request', { claim: met.claim.id, reason })
  const { holder } = asked.request
  await stage.tell({ kind: 'request.filed', ...asking(zoe, scope), holder, reason })
  const request = await until(
    'the holder hears of the request',
    async () => (await omar.call('inbox')).requests[0],
    stage.scenery.signal,
  )
  const answered = await omar.call('respond', {
    ...{ request: request.id, decision: 'narrow', patterns: ['docs/guide.md'] },
    note: 'I only need the guide',
  })
  const { decision, note, requester } = answered.request
  const told = { to: requester, decision, note }
  await stage.tell({
    ...{ kind: 'request.answered', ...asking(omar, { pattern: 'docs/guide.md' }) },
    ...told,
  })
  await stage.claim('zoe', scope, 'document refunds')
}

export async function land(stage: Stage, waits: Waits): Promise<void> {
  await stage.tell({
    kind: 'act',
    title: 'They write, commit and push',
    text: 'A push goes through the fence: the remote takes what its claims cover, and what lands gives its claims back.',
  })
  await stage.work('lena', 'src/search/rank.ts', 'Rank by sales')
  await stage.work('ivan', 'test/cart.test.ts', 'Wait for the cart')
  await stage.work('finn', 'src/auth/session.ts', 'Longer sessions')
  require(!(await stage.push('finn')), 'a push over what another holds was not refused')
  await landing(stage, 'mara', 'src/auth/login.ts', 'Rework login', waits.login)
  await landing(stage, 'pia', 'src/pay/refund.ts', 'Refund in parts', waits.checkout)
  await landing(stage, 'rosa', 'src/cart/price.ts', 'Prices in cents', waits.price)
}

async function landing(
  stage: Stage,
  name: 'mara' | 'pia' | 'rosa',
  file: string,
  message: string,
  next: Promise<void>,
): Promise<void> {
  await stage.work(name, file, message)
  require(await stage.push(name), `the push of ${name} did not land`)
  await next
}

export async function failure(asked: Promise<unknown>): Promise<SkeinError | null> {
  try {
    await asked
    return null
  } catch (error) {
    if (error instanceof SkeinError) return error
    throw error
  }
}
