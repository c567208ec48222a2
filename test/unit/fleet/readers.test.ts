// What Codex and opencode print, as they printed it: lines of codex-cli 0.169.0 and opencode 1.18.33 against a scripted model, with their
// paths shortened.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { WorkerEvent } from '../../../daemon/fleet/events.ts'
import { openReader } from '../../../daemon/fleet/launchers.ts'
import { LAUNCHER_KINDS, type LauncherKind } from '../../../daemon/fleet/launchers/launcher.ts'
import { noteEvent, startProgress, tellProgress } from '../../../daemon/fleet/progress.ts'

function eventsOf(kind: LauncherKind, lines: readonly string[]): readonly WorkerEvent[] {
  const read = openReader(kind)
  return lines.flatMap((line) => read(line))
}

function progressOf(events: readonly WorkerEvent[]) {
  const state = startProgress()
  for (const event of events) noteEvent(state, event)
  return { ...tellProgress(state, null), session: state.session, failure: state.failure }
}

const CODEX = `WARNING: proceeding, even though we could not create PATH aliases
{"type":"thread.started","thread_id":"01a20505-8700-78e3-b4cc-117de5579ace"}
{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for \`gpt-5-codex\` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
{"type":"turn.started"}
{"type":"item.started","item":{"id":"item_1","type":"file_change","changes":[{"path":"/w/a.txt","kind":"update"},{"path":"/w/b.txt","kind":"add"}],"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_1","type":"file_change","changes":[{"path":"/w/a.txt","kind":"update"},{"path":"/w/b.txt","kind":"add"}],"status":"completed"}}
{"type":"item.started","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'git add -A && git commit -qm work; echo rc $?'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'git add -A && git commit -qm work; echo rc $?'","aggregated_output":"rc 0\\n","exit_code":0,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_3","type":"mcp_tool_call","server":"skein","tool":"board","arguments":{},"result":{"content":[{"type":"text","text":"No such repository is enrolled here."}],"structured_content":{"machine":"vm","repos":[],"more_repos":0}},"error":null,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_4","type":"command_execution","command":"/bin/bash -lc 'exit 3'","aggregated_output":"","exit_code":3,"status":"failed"}}
{"type":"item.completed","item":{"id":"item_5","type":"agent_message","text":"done"}}
{"type":"turn.completed","usage":{"input_tokens":5,"cached_input_tokens":0,"cache_write_input_tokens":0,"output_tokens":5,"reasoning_output_tokens":0}}`

const SESSION = 'ses_dfaf78e60ffe4pLC1kYp09PnrF'
const OPENCODE = `{"type":"step_start","timestamp":1795380784205,"sessionID":"${SESSION}","part":{"id":"prt_1","messageID":"msg_1","sessionID":"${SESSION}","snapshot":"20e50a07feffafe7699bf38ff4027a606f406eaa","type":"step-start"}}
{"type":"text","timestamp":1795380784206,"sessionID":"${SESSION}","part":{"id":"prt_2","messageID":"msg_1","sessionID":"${SESSION}","type":"text","text":"STATUS: step 1 → on → confidence: high\\n","time":{"start":1795380783901,"end":1795380784062}}}
{"type":"tool_use","timestamp":1795380785081,"sessionID":"${SESSION}","part":{"type":"tool","tool":"bash","callID":"call_1","state":{"status":"completed","input":{"command":"echo hi > c.txt; git add -A","description":"x"},"output":"(no output)","metadata":{"output":"(no output)","exit":0,"truncated":false},"title":"echo hi > c.txt; git add -A","time":{"start":1795380784016,"end":1795380785026}},"id":"prt_3","sessionID":"${SESSION}","messageID":"msg_1"}}
{"type":"step_finish","timestamp":1795380786132,"sessionID":"${SESSION}","part":{"id":"prt_4","reason":"tool-calls","snapshot":"dbb098786f43109cdc58457847ea0a994db3165f","messageID":"msg_1","sessionID":"${SESSION}","type":"step-finish","tokens":{"total":15,"input":10,"output":5,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0.00002}}
{"type":"step_start","timestamp":1795380787004,"sessionID":"${SESSION}","part":{"id":"prt_5","messageID":"msg_2","sessionID":"${SESSION}","snapshot":"dbb098786f43109cdc58457847ea0a994db3165f","type":"step-start"}}
{"type":"tool_use","timestamp":1795380787175,"sessionID":"${SESSION}","part":{"type":"tool","tool":"write","callID":"call_2","state":{"status":"completed","input":{"filePath":"/w/b.txt","content":"new\\n"},"output":"Wrote file successfully.","metadata":{"diagnostics":{},"filepath":"/w/b.txt","exists":false,"truncated":false},"title":"b.txt","time":{"start":1795380786940,"end":1795380787113}},"id":"prt_6","sessionID":"${SESSION}","messageID":"msg_2"}}
{"type":"tool_use","timestamp":1795380795786,"sessionID":"${SESSION}","part":{"type":"tool","tool":"bash","callID":"call_5","state":{"status":"error","input":{"command":"git push origin main","description":"x"},"error":"The user has specified a rule which prevents you from using this specific tool call. Here are some of the relevant rules [{\\"permission\\":\\"*\\",\\"action\\":\\"allow\\",\\"pattern\\":\\"*\\"},{\\"permission\\":\\"bash\\",\\"pattern\\":\\"*\\",\\"action\\":\\"allow\\"},{\\"permission\\":\\"bash\\",\\"pattern\\":\\"git push*\\",\\"action\\":\\"deny\\"}]","time":{"start":1795380795705,"end":1795380795736}},"id":"prt_7","sessionID":"${SESSION}","messageID":"msg_2"}}
{"type":"step_finish","timestamp":1795380798475,"sessionID":"${SESSION}","part":{"id":"prt_8","reason":"stop","snapshot":"1a8b8f8cee4c6869682bd1f4da4c41127d464799","messageID":"msg_2","sessionID":"${SESSION}","type":"step-finish","tokens":{"total":15,"input":10,"output":5,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0.00002}}`

describe('what Codex says', () => {
  it('is folded into turns, tools, files and commands', () => {
    assert.deepEqual(progressOf(eventsOf('codex', CODEX.split('\n'))), {
      ...{ model: null, turns: 5, tools: 4, last: 'Bash: exit 3', cost_usd: 0 },
      ...{ files: ['/w/a.txt', '/w/b.txt'], updates: [], stuck: null, warnings: [] },
      ...{ session: '01a20505-8700-78e3-b4cc-117de5579ace', failure: null },
    })
  })

  it('names the command and not the shell around it', () => {
    const ran = eventsOf('codex', CODEX.split('\n')).filter(({ kind }) => kind === 'ran')
    assert.deepEqual(ran[0], {
      kind: 'ran',
      command: 'git add -A && git commit -qm work; echo rc $?',
    })
  })

  it('has signs in its messages, failures, limits and what was declined', () => {
    const events = eventsOf('codex', [
      '{"type":"item.completed","item":{"type":"agent_message","text":"I am here.\\nSTUCK: no key"}}',
      '{"type":"error","message":"Reconnecting... waiting for network (Connection failed: error sending request)"}',
      '{"type":"item.completed","item":{"type":"command_execution","command":"rm x","status":"declined"}}',
      '{"type":"turn.failed","error":{"message":"You have hit your usage limit."}}',
    ])
    const { stuck, warnings, failure } = progressOf(events)
    assert.equal(stuck, 'no key')
    assert.deepEqual(warnings, ['1 permission denials', 'rate limited'])
    assert.equal(failure, 'You have hit your usage limit.')
  })
})

describe('what opencode says', () => {
  it('is folded into turns, tools, files, commands, cost and its own words', () => {
    assert.deepEqual(progressOf(eventsOf('opencode', OPENCODE.split('\n'))), {
      ...{ model: null, turns: 2, tools: 3, last: 'Bash: git push origin main', cost_usd: 0.00004 },
      ...{ files: ['/w/b.txt'], stuck: null, warnings: ['1 permission denials'] },
      ...{ updates: ['step 1 → on → confidence: high'], session: SESSION, failure: null },
    })
  })

  it('says how it failed', () => {
    const line = `{"type":"error","timestamp":1795380821201,"sessionID":"${SESSION}","error":{"name":"APIError","data":{"message":"no such model","statusCode":400,"isRetryable":false}}}`
    assert.equal(progressOf(eventsOf('opencode', [line])).failure, 'no such model')
    const limited = line.replace('400', '429')
    assert.deepEqual(progressOf(eventsOf('opencode', [limited])).warnings, ['rate limited'])
  })
})

describe('a reader', () => {
  it('breaks at nothing, and tells bounded texts', () => {
    const types = [
      ...['thread.started', 'turn.failed', 'error', 'item.completed', 'agent_message'],
      ...['step_start', 'text', 'tool_use', 'step_finish', 'system', 'assistant', 'result'],
      ...['command_execution', 'file_change', 'mcp_tool_call', 'tool', 'init'],
    ]
    const names = [
      ...['type', 'item', 'part', 'error', 'message', 'data', 'state', 'input', 'changes'],
      ...[
        'content',
        'text',
        'command',
        'path',
        'tool',
        'cost',
        'sessionID',
        'thread_id',
        'subtype',
      ],
    ]
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...types),
        fc.constant('x'.repeat(5_000)),
        fc.jsonValue(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
      ),
    }))
    fc.assert(
      fc.property(
        fc.constantFrom(...LAUNCHER_KINDS),
        fc.array(value, { maxLength: 5 }),
        (kind, all) => {
          const lines = all.map((each) => JSON.stringify(each))
          const cut = lines.map((line) => line.slice(0, line.length / 2))
          for (const event of eventsOf(kind, [...lines, ...cut, '', '{', 'null']))
            for (const field of Object.values(event))
              if (typeof field === 'string') assert.ok(field.length <= 500)
        },
      ),
    )
  })
})
