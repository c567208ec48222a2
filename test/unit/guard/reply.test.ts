import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hookReply, type HookVerdict } from '../../../protocol/index.ts'

const DEFERRED: HookVerdict = { decision: 'defer', reason: 'held', notes: [] }

describe('a reply', () => {
  it('defers where the harness can park its run, and refuses where it cannot', () => {
    const claude = hookReply('claude', 'pre-tool', DEFERRED)
    const { hookSpecificOutput: told } = JSON.parse(claude.stdout) as {
      hookSpecificOutput: { permissionDecision: string }
    }
    assert.deepEqual([claude.exit, claude.stderr, told.permissionDecision], [0, '', 'defer'])
    assert.deepEqual(hookReply('codex', 'pre-tool', DEFERRED).exit, 2)
    const cursor = hookReply('cursor', 'pre-tool', DEFERRED)
    assert.equal(cursor.exit, 2)
    assert.match(cursor.stdout, /"permission":"deny"/)
  })

  it('wakes a model that has stopped only with something to tell', () => {
    const verdict = { decision: 'allow', reason: '', notes: ['granted'] } as const
    assert.deepEqual(hookReply('claude', 'turn-end', verdict), {
      stdout: '',
      stderr: 'granted\n',
      exit: 2,
    })
    const quiet = hookReply('claude', 'turn-end', { ...verdict, notes: [] })
    assert.deepEqual(quiet, { stdout: '', stderr: '', exit: 0 })
  })
})
