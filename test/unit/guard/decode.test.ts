// Payloads of the three harnesses, and what each is about to write.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { patchEdits } from '../../../daemon/guard/decode/patch.ts'
import { readPayload } from '../../../daemon/guard/decode/payload.ts'
import type { Act } from '../../../daemon/guard/decode/act.ts'
import { hookReply, SkeinError, type HarnessName } from '../../../protocol/index.ts'

const REWRITE = { kind: 'whole', text: null } as const

function actOf(tool: string, input: unknown, harness: HarnessName = 'claude'): Act {
  const payload = { hook_event_name: 'PreToolUse', tool_name: tool, tool_input: input }
  return readPayload(harness, undefined, payload).act
}

/** The act in short: paths, `$ command`, `?`, or nothing. */
function short(act: Act): string {
  if (act.kind === 'none') return ''
  if (act.kind === 'unknown') return '?'
  if (act.kind === 'shell') return `$ ${act.command}`
  return act.edits.map(({ path }) => path).join(' ')
}

describe('a tool', () => {
  const table: readonly (readonly [string, unknown, string])[] = [
    ['Edit', { file_path: '/r/a.ts', old_string: 'a', new_string: 'b' }, '/r/a.ts'],
    [
      'MultiEdit',
      { file_path: '/r/a.ts', edits: [{ old_string: 'a', new_string: 'b' }] },
      '/r/a.ts',
    ],
    ['Write', { file_path: '/r/a.ts', content: 'x' }, '/r/a.ts'],
    ['NotebookEdit', { notebook_path: '/r/a.ipynb', new_source: 'x' }, '/r/a.ipynb'],
    ['StrReplace', { path: '/r/a.ts', old_string: 'a', new_string: 'b' }, '/r/a.ts'],
    ['Delete', { path: '/r/a.ts' }, '/r/a.ts'],
    ['EditNotebook', { target_notebook: '/r/a.ipynb' }, '/r/a.ipynb'],
    ['Write', '{"file_path":"/r/a.ts"}', '/r/a.ts'],
    ['Bash', { command: 'rm a' }, '$ rm a'],
    ['Bash', { cmd: 'rm a' }, '$ rm a'],
    ['shell', { command: ['bash', '-lc', "rm 'a b'"] }, "$ 'bash' '-lc' 'rm '\\''a b'\\'''"],
    ['PowerShell', { command: 'Remove-Item a' }, '?'],
    ['Read', { file_path: '/r/a.ts' }, ''],
    ['Task', { prompt: 'write a.ts' }, ''],
    ['WebFetch', { url: 'https://example.org' }, ''],
    ['SomethingNew', { path: '/r/a.ts', old_str: 'a', new_str: 'b' }, '/r/a.ts'],
    ['SomethingNew', { thing: 1 }, '?'],
    ['Edit', {}, '?'],
    ['Edit', null, '?'],
    ['mcp__fs__write_file', { path: 'a.ts', content: 'x' }, 'a.ts'],
    ['mcp__fs__read_file', { path: 'a.ts' }, ''],
    ['mcp__fs__list_directory', { path: 'src' }, ''],
    ['mcp__fs__read_and_update', { path: 'a.ts' }, 'a.ts'],
    ['mcp__fs__move_file', { source: 'a.ts', destination: 'b.ts' }, 'b.ts a.ts'],
    ['mcp__fs__copy_file', { source: 'a.ts', destination: 'b.ts' }, 'b.ts'],
    ['mcp__fs__delete_files', { paths: ['a.ts', 'b.ts'] }, 'a.ts b.ts'],
    ['mcp__ide__apply', { edits: [{ path: 'a.ts', oldText: 'a', newText: 'b' }] }, 'a.ts'],
    ['mcp__ide__save', { uri: 'file:///r/a%20b.ts' }, '/r/a b.ts'],
    ['mcp__ide__save', { uri: 'https://example.org/a.ts' }, '?'],
    ['mcp__ide__rename_symbol', { relative_path: 'src/a.ts', name: 'b' }, 'src/a.ts'],
    ['mcp__db__execute', { sql: 'drop table a' }, '?'],
    ['mcp__skein__claim_files', { patterns: ['a.ts'] }, ''],
    ['mcp__fs__write_file', { path: 'two\nlines' }, '?'],
  ]
  for (const [tool, input, expected] of table) {
    it(`${tool} ${JSON.stringify(input)} writes ${expected === '' ? 'nothing' : expected}`, () => {
      assert.equal(short(actOf(tool, input)), expected)
    })
  }

  it('says which text it replaces, by the names of each harness', () => {
    for (const input of [
      { path: 'a', old_string: 'x', new_string: 'y' },
      { path: 'a', old_str: 'x', new_str: 'y' },
      { path: 'a', edits: [{ oldText: 'x', newText: 'y' }] },
    ]) {
      const edit = { kind: 'replace', changes: [{ old: 'x', now: 'y' }] }
      assert.deepEqual(actOf('mcp__fs__edit', input), {
        kind: 'edits',
        edits: [{ path: 'a', edit }],
      })
    }
    const mixed = { path: 'a', edits: [{ oldText: 'x' }, { line: 3 }] }
    assert.deepEqual(actOf('mcp__fs__edit', mixed), {
      kind: 'edits',
      edits: [{ path: 'a', edit: REWRITE }],
    })
  })
})

describe('a patch', () => {
  const patch = (...lines: readonly string[]): string =>
    ['*** Begin Patch', ...lines, '*** End Patch'].join('\n')
  const table: readonly (readonly [string, string, unknown])[] = [
    [
      'changes the text of its hunks, with their context',
      patch('*** Update File: a.ts', '@@ class A', ' keep', '-old', '+new', '@@', '-x', '+y'),
      [
        {
          path: 'a.ts',
          edit: {
            kind: 'replace',
            changes: [
              { old: 'keep\nold', now: 'keep\nnew' },
              { old: 'x', now: 'y' },
            ],
          },
        },
      ],
    ],
    [
      'adds and deletes files',
      patch('*** Add File: new dir/a.ts', '+x', '*** Delete File: b.ts'),
      [
        { path: 'new dir/a.ts', edit: REWRITE },
        { path: 'b.ts', edit: REWRITE },
      ],
    ],
    [
      'empties the place that a file moves from',
      patch('*** Update File: a.ts', '*** Move to: b.ts', '@@', '-x', '+y'),
      [
        { path: 'a.ts', edit: REWRITE },
        { path: 'b.ts', edit: REWRITE },
        { path: 'a.ts', edit: { kind: 'replace', changes: [{ old: 'x', now: 'y' }] } },
      ],
    ],
    [
      'may come with line ends of Windows, and without its frame',
      '*** Update File: a.ts\r\n@@\r\n-x\r\n+y\r\n',
      [{ path: 'a.ts', edit: { kind: 'replace', changes: [{ old: 'x', now: 'y' }] } }],
    ],
    ['of nothing is none', patch(), []],
    ['that is a diff of git is none', '--- a/a.ts\n+++ b/a.ts\n@@ -1 +1 @@\n-x\n+y', []],
  ]
  for (const [what, text, expected] of table) {
    it(what, () => {
      assert.deepEqual(patchEdits(text), expected)
    })
  }

  it('stands in what Codex calls a command', () => {
    const act = actOf('apply_patch', { command: patch('*** Delete File: a.ts') }, 'codex')
    assert.equal(short(act), 'a.ts')
    assert.equal(short(actOf('apply_patch', { command: 'no patch' }, 'codex')), '?')
  })
})

describe('a payload', () => {
  it('names the session, the folder and the moment in each harness’s words', () => {
    const claude = readPayload('claude', undefined, {
      session_id: 's',
      cwd: '/r',
      hook_event_name: 'PostToolUse',
      tool_name: 'Bash',
      tool_use_id: 'u',
      tool_input: { command: 'make' },
      tool_response: { bashEditDiff: { changedFiles: ['/r/a.ts', { path: '/r/b.ts' }, 3] } },
    })
    assert.deepEqual(
      [claude.session, claude.folder, claude.event, claude.toolUse, claude.changed],
      ['s', '/r', 'post-tool', 'u', ['/r/a.ts', '/r/b.ts']],
    )
    const cursor = readPayload('cursor', undefined, {
      conversation_id: 'c',
      generation_id: 'g',
      workspace_roots: ['/r', '/other'],
      hook_event_name: 'beforeShellExecution',
      command: 'rm a',
      cwd: '',
    })
    assert.deepEqual(
      [cursor.session, cursor.folder, cursor.event, short(cursor.act), cursor.changed],
      ['c', '/r', 'pre-tool', '$ rm a', null],
    )
  })

  it('without an event is refused, and with the caller’s word for it is not', () => {
    assert.throws(
      () => readPayload('claude', undefined, { hook_event_name: 'Notification' }),
      (error) => error instanceof SkeinError && error.code === 'INPUT_SCHEMA',
    )
    assert.equal(readPayload('claude', 'session-start', {}).event, 'session-start')
  })

  it('says no folder that is not one', () => {
    for (const cwd of ['relative', '/a\0b', 3, null])
      assert.equal(readPayload('claude', 'pre-tool', { cwd }).folder, null)
  })
})

describe('an answer', () => {
  const verdict = (decision: 'allow' | 'deny' | 'ask', notes: readonly string[] = []) => ({
    decision,
    reason: decision === 'allow' ? '' : 'held',
    notes,
  })

  it('never approves for the harness', () => {
    for (const harness of ['claude', 'codex'] as const)
      assert.deepEqual(hookReply(harness, 'pre-tool', verdict('allow')), {
        stdout: '',
        stderr: '',
        exit: 0,
      })
  })

  it('refuses by text, by JSON and by exit code at once', () => {
    for (const harness of ['claude', 'codex', 'cursor'] as const) {
      const { stdout, stderr, exit } = hookReply(harness, 'pre-tool', verdict('deny', ['note']))
      assert.deepEqual([stderr, exit], ['held\nnote\n', 2])
      assert.match(stdout, /"deny"/)
    }
  })

  it('asks where the harness can ask', () => {
    assert.match(
      hookReply('claude', 'pre-tool', verdict('ask')).stdout,
      /"permissionDecision":"ask"/,
    )
    assert.match(hookReply('cursor', 'pre-tool', verdict('ask')).stdout, /"permission":"ask"/)
    assert.equal(hookReply('codex', 'pre-tool', verdict('ask')).exit, 2)
  })

  it('blocks after a tool, which has run', () => {
    const { stdout, exit } = hookReply('claude', 'post-tool', verdict('deny', ['note']))
    assert.deepEqual(
      [JSON.parse(stdout), exit],
      [
        {
          decision: 'block',
          reason: 'held',
          hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: 'note' },
        },
        0,
      ],
    )
    assert.deepEqual(JSON.parse(hookReply('cursor', 'post-tool', verdict('deny')).stdout), {
      additional_context: 'held',
    })
  })
})
