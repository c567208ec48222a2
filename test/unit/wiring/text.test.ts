// Foreign files of every shape: what is put in and taken out again leaves each as it was, byte for byte.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isWired, unwire, wire } from '../../../daemon/wiring/asset.ts'
import { COMMON_ASSETS, TOOL_ASSETS, type Asset } from '../../../daemon/wiring/tools.ts'

const ASSETS = [...COMMON_ASSETS, ...Object.values(TOOL_ASSETS).flat()]

function asset(file: string): Asset {
  const found = ASSETS.find((each) => each.file === file)
  if (found === undefined) throw new Error(`no asset ${file}`)
  return found
}

function wired(file: string, text: string | null): string {
  const edited = wire(asset(file), text)
  if ('problem' in edited) throw new Error(edited.problem)
  return edited.text
}

const MCP = '.mcp.json'
const HOOKS = '.claude/settings.json'
const TOML = '.codex/config.toml'

/** What people have in these files. */
const FOREIGN: readonly (readonly [name: string, file: string, text: string])[] = [
  ['two spaces', MCP, '{\n  "mcpServers": {\n    "a": { "command": "x" }\n  }\n}\n'],
  ['tabs, CRLF, no last line break', MCP, '{\r\n\t"mcpServers": {\r\n\t\t"a": {}\r\n\t}\r\n}'],
  ['a byte order mark', MCP, '\ufeff{\n  "mcpServers": { "a": {} },\n  "z": 1\n}\n'],
  [
    'three spaces and an odd order',
    MCP,
    '{\n   "z": [1,2],\n   "mcpServers": {"b": {}, "a": {}}\n}',
  ],
  ['one line', MCP, '{"mcpServers":{"a":{"command":"x"}},"b":2}'],
  ['one line with spaces', MCP, '{ "mcpServers": { "a": { "command": "x" } } }\n'],
  ['other keys alone', MCP, '{\n    "theme": "dark"\n}\n'],
  ['strings that look like brackets', MCP, '{\n  "a": "}],\\"{",\n  "b": "\\\\"\n}\n'],
  [
    'other hooks',
    HOOKS,
    '{\n  "hooks": {\n    "PreToolUse": [\n      { "hooks": [{ "type": "command", "command": "lint" }] }\n    ]\n  },\n  "permissions": {}\n}\n',
  ],
  ['a key that comes twice', HOOKS, '{\n  "a": 1,\n  "a": 2\n}\n'],
  [
    'a version',
    '.cursor/hooks.json',
    '{\n  "version": 1,\n  "hooks": { "stop": [{ "command": "x" }] }\n}\n',
  ],
  ['no last line break', 'AGENTS.md', '# Rules\nbe kind'],
  ['CRLF', 'AGENTS.md', '# Rules\r\n\r\nbe kind\r\n'],
  ['empty lines at the end', 'AGENTS.md', 'x\n\n\n'],
  ['a byte order mark, too', 'AGENTS.md', '\ufeff# Rules\n'],
  ['ignored files', '.gitignore', 'dist\nnode_modules'],
  ['a table', TOML, 'model = "x"\n\n[mcp_servers.other]\ncommand = "y" # keep\n'],
  ['CRLF and no last line break', TOML, 'model = "x"\r\n[a]\r\nb = 1'],
  ['an array of tables at the end', TOML, '[[hooks.Stop]]\nmatcher = ".*"\n'],
]

describe('a foreign file', () => {
  for (const [name, file, text] of FOREIGN) {
    it(`is given back as it was: ${file}, ${name}`, () => {
      const once = wired(file, text)
      assert.notEqual(once, text)
      assert.equal(wired(file, once), once, 'a second time changes nothing')
      assert.ok(isWired(asset(file), once))
      assert.equal(isWired(asset(file), text), false)
      assert.deepEqual(unwire(asset(file), once), { text })
    })
  }

  it('keeps its line breaks and its byte order mark', () => {
    const crlf = wired(MCP, '\ufeff{\r\n\t"a": 1\r\n}\r\n')
    assert.equal(crlf.replaceAll('\r\n', '').includes('\n'), false)
    assert.match(
      crlf,
      /^\ufeff\{\r\n\t"a": 1,\r\n\t"mcpServers": \{\r\n\t\t"skein": \{\r\n\t\t\t"type"/,
    )
  })

  it('is left alone when it cannot be read, and the problem says why', () => {
    for (const [file, text, why] of [
      [MCP, '{\n  // mine\n  "a": 1\n}\n', /no plain JSON/],
      [MCP, '{ "a": 1, }', /no plain JSON/],
      [MCP, '[]', /no object/],
      [HOOKS, '{ "hooks": [] }', /no object/],
      [HOOKS, '{ "hooks": { "PreToolUse": {} } }', /no list/],
      [TOML, 'a = = 1\n', /no TOML/],
      [TOML, 'mcp_servers = { a = { command = "x" } }\n', /no room/],
      ['AGENTS.md', '<!-- skein: begin -->\n', /only one of the marks/],
    ] as const) {
      const edited = wire(asset(file), text)
      assert.ok('problem' in edited, text)
      assert.match(edited.problem, why)
    }
  })

  it('keeps a server or a table of the same name that somebody wrote', () => {
    const json = '{"mcpServers":{"skein":{"command":"/opt/skein.js","args":["mcp"]}}}'
    assert.equal(wired(MCP, json), json)
    assert.deepEqual(unwire(asset(MCP), json), { text: json })
    const toml = '[mcp_servers.skein]\ncommand = "/opt/skein.js"\n'
    assert.equal(wired(TOML, toml), toml)
    assert.deepEqual(unwire(asset(TOML), toml), { text: toml })
  })

  it('keeps other handlers of a group that ours was put into', () => {
    const ours = 'command -v skein >/dev/null || exit 0; exec skein guard --harness claude'
    const group = { matcher: 'Edit', hooks: [{ command: ours }, { command: 'lint' }] }
    const text = JSON.stringify({ hooks: { PreToolUse: [group] } }, null, 2)
    const removed = unwire(asset(HOOKS), text)
    assert.ok('text' in removed && removed.text !== null)
    const left = { hooks: { PreToolUse: [{ matcher: 'Edit', hooks: [{ command: 'lint' }] }] } }
    assert.deepEqual(JSON.parse(removed.text), left)
  })

  it('has an older hook of ours renewed in its place', () => {
    const old = wired(HOOKS, '{\n  "hooks": {\n    "PreToolUse": [{ "hooks": [] }]\n  }\n}\n')
    const edited = old.replaceAll('"timeout": 30', '"timeout": 31')
    assert.notEqual(edited, old)
    assert.equal(wired(HOOKS, edited), old)
  })

  it('that did not exist is gone again', () => {
    for (const { file, ...rest } of ASSETS) {
      const text = wired(file, null)
      assert.deepEqual(unwire({ file, ...rest }, text), { text: null }, file)
    }
  })
})

describe('CLAUDE.md', () => {
  it('stays as it is where it reads AGENTS.md already', () => {
    const text = '# Mine\n\n@AGENTS.md\n'
    assert.equal(wired('CLAUDE.md', text), text)
  })
})

describe('the block in AGENTS.md', () => {
  it('is short', () => {
    const lines = wired('AGENTS.md', null).split('\n')
    assert.ok(lines.length <= 25, String(lines.length))
  })

  it('is renewed where it stands', () => {
    const text = wired('AGENTS.md', 'above\n').replace('## Claims', '## Old')
    const renewed = wired('AGENTS.md', `${text}below\n`)
    assert.match(renewed, /^above\n[^]*## Claims[^]*-->\nbelow\n$/)
    assert.doesNotMatch(renewed, /## Old/)
  })
})
