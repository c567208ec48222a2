// The page for people who write shell scripts, run as it stands: a block that no longer does what the page says fails here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { createCleaner } from '../helpers/cleanup.ts'
import { blocksOf, layDesk, missingFor, type Block, type Desk } from '../helpers/page-blocks.ts'
import { until } from '../helpers/poll.ts'

const PAGE = 'docs/how-to/shell-scripts.md'
const blocks = blocksOf(PAGE)

/** What blocks print, by a piece of their text: that they end well is asked of all of them. */
const PRINTED: readonly (readonly [string, RegExp])[] = [
  ['skein up --background', /^No live claims/m],
  ['migrating, as the only one', /^migrating, as the only one$/m],
  ["0) echo 'mine'", /^mine$/m],
  ["echo 'my turn'", /^my turn$/m],
  ['Who is in the way', /^2\n[^]*src\/a\.ts\t[^]* holds src\/a\.ts until 20[^]*^CLAIM_UNKNOWN: /m],
  ["echo 'deploying'", /^deploying$/m],
  ["echo 'kept back'", /^kept back$/m],
  ['something was released', /^something was released$/m],
  ['call release', /^granted\nsrc\/a\.ts$/m],
  ['answer.json', /^grant$/m],
  ['skein metrics', /^skein_claims\{repo="team\/shop"\} 0$/m],
  ['the one database', /^tests that need the one database$/m],
  ['pool-example', /^tests run on port 5433$/m],
]

const suite = createCleaner()
let desk: Desk

before(async () => {
  desk = layDesk(suite)
  for (const block of blocks) if (block.savedAs !== null) desk.save(block)
  const { exit, stderr } = await desk.run('sh', 'skein up --background --quiet')
  assert.equal(exit, 0, stderr)
})

after(() => suite.run())

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash'])

describe(PAGE, () => {
  for (const block of blocks.filter(({ language }) => SHELLS.has(language))) {
    const { line, savedAs, mark } = block
    const skip = missingFor(block)
    if (savedAs !== null)
      it(`is right in its grammar in line ${String(line)}, ${savedAs}`, { skip }, () =>
        parses(block),
      )
    else if (mark === 'endless')
      it(`goes on until it is stopped in line ${String(line)}`, { skip }, () => goesOn(block))
    else it(`does what it says in line ${String(line)}`, { skip }, () => works(block))
  }

  it('has every block that is looked for here', () => {
    const missing = PRINTED.filter(([piece]) => !blocks.some(({ text }) => text.includes(piece)))
    assert.deepEqual(missing, [])
  })

  it('shows a scrape that the daemon answers', async () => {
    const yaml = blocks.find(({ language }) => language === 'yaml')?.text ?? ''
    const { scrape_configs: jobs } = parse(yaml) as {
      scrape_configs: readonly { authorization: { credentials_file: string } }[]
    }
    const file = jobs[0]?.authorization.credentials_file.replace('/home/ann/.skein', desk.home)
    const { stdout } = await desk.run('sh', 'skein status --json')
    const { http } = JSON.parse(stdout) as { http: string }
    const token = readFileSync(file ?? '', 'utf8').trim()
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${http}/metrics`, { headers })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /^skein_build_info/m)
  })
})

async function parses({ language, text }: Block): Promise<void> {
  const { exit, stderr } = await desk.run(
    language,
    `${language} -n <<'END_OF_PAGE'\n${text}END_OF_PAGE`,
  )
  assert.deepEqual([exit, stderr], [0, ''])
}

async function works({ language, text }: Block): Promise<void> {
  const { exit, stdout, stderr } = await desk.run(language, text)
  assert.equal(exit, 0, `${stdout}\n${stderr}`)
  for (const [piece, printed] of PRINTED)
    if (text.includes(piece)) assert.match(stdout, printed, stderr)
  assert.deepEqual(await desk.liveClaims(), [], 'it gives back what it claims')
}

async function goesOn({ language, text }: Block): Promise<void> {
  const running = desk.start(language, text)
  let out = ''
  running.child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  const claim =
    'skein claim src/b.ts --quiet --session other && skein release --mine --session other'
  await until('it prints an event', async () => {
    await desk.run('sh', claim)
    return out !== ''
  })
  assert.match(out, /^\S+Z claim\.granted by /)
  running.signal('SIGTERM')
  await running.ended
}

describe('with-claim', () => {
  const held = 'skein claim src/b.ts --quiet --session other --agent carl > /dev/null'
  const given = 'skein release --mine --quiet --session other --agent carl'

  it('ends as its command does, and gives back', async () => {
    const { exit, stdout } = await desk.run(
      'sh',
      "with-claim src/a.ts sh -c 'skein claims; exit 7'",
    )
    assert.equal(exit, 7)
    assert.match(stdout, /src\/a\.ts/)
    assert.deepEqual(await desk.liveClaims(), [])
  })

  it('runs nothing when somebody else holds it, and says who', async () => {
    await desk.run('sh', held)
    const { exit, stdout, stderr } = await desk.run('sh', 'with-claim src/b.ts echo ran', {
      WITH_CLAIM_WAIT: '1s',
    })
    assert.equal(exit, 75)
    assert.equal(stdout, '')
    assert.match(stderr, /carl/)
    await desk.run('sh', given)
  })

  it('waits for whoever holds it', async () => {
    await desk.run('sh', held)
    const waiting = desk.start('sh', 'with-claim src/b.ts echo ran')
    await until(
      'it waits in the queue',
      async () => (await desk.run('sh', 'skein queue --quiet')).stdout !== '',
    )
    await desk.run('sh', given)
    const { exit, stdout } = await waiting.ended
    assert.deepEqual([exit, stdout], [0, 'ran\n'])
    assert.deepEqual(await desk.liveClaims(), [])
  })

  for (const [signal, expected] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    it(`gives back when ${signal} ends it and its command`, async () => {
      // Without a shell around it: the status is its own.
      const running = desk.start('sh', 'exec with-claim src/a.ts sleep 60')
      await until('it holds its claim', async () => (await desk.liveClaims()).length === 1)
      running.signal(signal)
      const { exit } = await running.ended
      assert.equal(exit, expected)
      assert.deepEqual(await desk.liveClaims(), [])
    })
  }

  it('says so when the claim ended while its command ran', async () => {
    const { exit, stderr } = await desk.run(
      'sh',
      'with-claim src/a.ts skein release --mine --quiet',
    )
    assert.equal(exit, 4)
    assert.match(stderr, /ended while the command ran/)
  })

  it('runs nothing without a daemon', async () => {
    const nowhere = { SKEIN_HOME: path.join(desk.env['HOME'] ?? '', 'no-daemon') }
    const { exit, stdout, stderr } = await desk.run('sh', 'with-claim src/a.ts echo ran', nowhere)
    assert.deepEqual([exit, stdout], [2, ''])
    assert.match(stderr, /DAEMON_DOWN/)
  })
})
