// The pages for each harness and for CI, followed from top to bottom in a fresh clone. Blocks that need a harness's own
// program (`client`) are followed by `npm run test:harness`.
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { blocksOf, layDesk, missingFor } from '../helpers/page-blocks.ts'
import { PROGRAM } from '../helpers/cli-daemon.ts'

const PRINTED: readonly (readonly [string, RegExp])[] = [
  ['--canary --tool claude', /^BLOCKED .*edit[^]*^BLOCKED .*shell/m],
  ['--canary --tool cursor', /^REPLAYED .*edit[^]*^REPLAYED .*shell/m],
  ['uninstall', /^removed /m],
  ['config validate', /^valid .*\.skein\.yml/m],
]

for (const name of ['claude-code', 'codex', 'cursor', 'ci']) {
  const page = `docs/how-to/${name}.md`
  describe(page, () => {
    it('works when it is followed alone', async (t) => {
      const desk = layDesk(t)
      const [bin = ''] = (desk.env['PATH'] ?? '').split(path.delimiter)
      for (const [file, as] of [
        ['stand-in-guard.mjs', 'skein'],
        ['fake-claude.mjs', 'claude'],
      ] as const) {
        rmSync(path.join(bin, as), { force: true })
        copyFileSync(path.resolve('test/helpers', file), path.join(bin, as))
        chmodSync(path.join(bin, as), 0o755)
      }
      const blocks = blocksOf(page).filter((block) => block.language === 'sh')
      assert.ok(blocks.length > 0)
      for (const block of blocks) {
        if (block.mark === 'client' || missingFor(block) !== false) continue
        const env = { STAND_IN_PROGRAM: PROGRAM }
        const { exit, stdout, stderr } = await desk.run('sh', `set -e\n${block.text}`, env)
        assert.equal(exit, 0, `line ${String(block.line)}: ${stdout}${stderr}`)
        for (const [piece, printed] of PRINTED)
          if (block.text.includes(piece)) assert.match(stdout, printed)
      }
    })
  })
}
