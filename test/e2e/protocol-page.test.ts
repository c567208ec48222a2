// The examples of docs/PROTOCOL.md, run as they stand: clients and readers that were written from the page alone.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createCleaner } from '../helpers/cleanup.ts'
import { blocksOf, layDesk, missingFor, type Desk } from '../helpers/page-blocks.ts'

const PAGE = 'docs/PROTOCOL.md'
const blocks = blocksOf(PAGE)

/** What they print, by a piece of their text. */
const PRINTED: readonly (readonly [string, RegExp])[] = [
  ['release notes', /^HTTP\/1\.1 200 OK\r\nx-request-id: [0-9a-f]{16}\r\n[^]*"status":"granted"/],
  ['held_by', /"refused"[^]*"nightly"[^]*"wait"[^]*^\["CHANGELOG\.md"\]$/m],
  ['/v1/claims"', /^\[\]$/m],
  [
    'Accept: application/x-ndjson',
    /^\["claim\.granted","nightly"\]\n\["claim\.refused","other"\]$/m,
  ],
  ['/readyz', /^ready\nskein_leading\{repo="team\/shop"\} 1\n\d\d$/m],
  ['ask-mcp.py src', /^SAFE: a claim would be granted\./m],
  ['Mcp-Name: list_claims', /\S/],
  [
    'verify-audit.py <',
    /^whole: (\d+) events, the last hash is (\w+)\nwhole: \1 events, the last hash is \2$/m,
  ],
  ['openssl', /^the line is what its hash says$/m],
  ['read-ledger.mjs ledger', /^1\.1\.\d+ \w{32} after (\w{32}) \S+\n[^]*grant\n$/],
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

describe(PAGE, () => {
  for (const block of blocks.filter(({ language }) => language === 'sh')) {
    it(`does what it says in line ${String(block.line)}`, { skip: missingFor(block) }, async () => {
      const { exit, stdout, stderr } = await desk.run('sh', block.text)
      assert.equal(exit, 0, `${stdout}\n${stderr}`)
      for (const [piece, printed] of PRINTED)
        if (block.text.includes(piece)) assert.match(stdout, printed, stderr)
    })
  }

  const missing = blocks.map(missingFor).find((reason) => reason !== false) ?? false

  it('leaves nothing claimed', { skip: missing }, async () => {
    assert.deepEqual(await desk.liveClaims(), [])
  })

  it('has every block that is looked for here', () => {
    const missing = PRINTED.filter(([piece]) => !blocks.some(({ text }) => text.includes(piece)))
    assert.deepEqual(missing, [])
  })
})
