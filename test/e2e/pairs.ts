// Random pairs of claims through the API: what `check` says must be what `claim` then does.
import type { OperationResult } from '../../protocol/index.ts'
import type { ApiClient } from '../helpers/api.ts'
import { mulberry } from '../helpers/mulberry.ts'

export interface PairsOptions {
  readonly cwd: string
  readonly pairs: number
  readonly seed: number
}

export interface PairsReport {
  readonly differences: string[]
  refused: number
  bad: number
}

/** Several pairs under way at once, each in a folder of its own. */
const LANES = 8

export async function comparePairs(client: ApiClient, options: PairsOptions): Promise<PairsReport> {
  const report: PairsReport = { differences: [], refused: 0, bad: 0 }
  const random = mulberry(options.seed)
  let left = options.pairs
  const lane = async (name: string): Promise<void> => {
    while (left-- > 0) await comparePair(client, options.cwd, name, random, report)
  }
  await Promise.all(Array.from({ length: LANES }, (_, at) => lane(`lane${String(at)}`)))
  return report
}

async function comparePair(
  client: ApiClient,
  cwd: string,
  lane: string,
  random: () => number,
  report: PairsReport,
): Promise<void> {
  const held = randomScope(random, lane)
  const asked = randomScope(random, lane)
  const holder = { cwd, agent: `${lane}-holder` }
  const asker = { cwd, agent: `${lane}-asker` }
  const first = await client.call('claim', { ...holder, scopes: [held] })
  const check = await client.call('check', { ...asker, scopes: [asked] })
  const claim = await client.call('claim', { ...asker, scopes: [asked] })
  const said = check.error?.code ?? SAYS[check.result?.would ?? 'wait']
  const did = claim.error?.code ?? doneBy(claim.result)
  if (said !== did) {
    const pair = `${JSON.stringify(held)} then ${JSON.stringify(asked)}`
    report.differences.push(`${pair}: check says ${said}, claim ${did}`)
  }
  if (did === 'refused') report.refused++
  if (first.error !== null || claim.error !== null) report.bad++
  const isGranted = claim.result?.status === 'granted'
  const granted = [...(first.error === null ? [holder] : []), ...(isGranted ? [asker] : [])]
  await Promise.all(granted.map((party) => client.call('release', { ...party, mine: true })))
}

const SAYS = {
  grant: 'granted',
  coexist: 'granted beside another',
  narrow: 'granted out of another',
  wait: 'refused',
} as const

function doneBy(result: OperationResult<'claim'> | null): string {
  if (result?.status !== 'granted') return result?.status ?? 'nothing'
  if (result.beside.some(({ narrowed }) => narrowed)) return SAYS.narrow
  return result.beside.length > 0 ? SAYS.coexist : SAYS.grant
}

interface RandomScope {
  readonly kind: string
  readonly pattern: string
  readonly symbols?: readonly string[]
  readonly mode: string
}

function randomScope(random: () => number, lane: string): RandomScope {
  const mode = random() < 0.15 ? 'shared' : 'exclusive'
  const dice = random()
  if (dice < 0.05) return { kind: 'resource', pattern: `${lane}-${pick(random, ['x', 'y'])}`, mode }
  const depth = 1 + Math.floor(random() * 3)
  const segments = Array.from({ length: depth }, () => pick(random, SEGMENTS))
  const slash = random() < 0.15 ? '/' : ''
  const kind = dice < 0.15 ? 'module' : dice < 0.5 ? 'symbol' : 'file'
  const pattern = `${lane}/${segments.join('/')}${slash}`
  if (kind !== 'symbol') return { kind, pattern, mode }
  const symbols = Array.from({ length: 1 + Math.floor(random() * 2) }, () => pick(random, SYMBOLS))
  return { kind, pattern, symbols, mode }
}

/** Of files that do not exist: taken as they are named. */
const SYMBOLS = ['A', 'A::b', 'A::b::c', 'A::d', 'AB', 'B']

const SEGMENTS = [
  ...['a', 'b', 'ab', 'A', 'a.ts', 'b.ts', '.x', '*', '**', '*.ts', 'a*', '*b', '?', '??'],
  ...['[ab]', '[!a]', '[a-c]*', '{a,b}', '{a,b}.ts', '{a,*}b', '{a/b,b}', '**.ts', 'a**b', '{,a}b'],
]

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
