// A language server as far as a search for references needs one: JSON-RPC on stdin and stdout. What it answers stands in the
// file that its first word names: `{ "references": [{ "file", "line", "column" }], "mode" }`, lines from 1.
//   mode `silent`    never answers a request for references
//   mode `garbage`   writes what is no frame
//   mode `eager`     answers nothing while it says that it works, and then all
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [plan] = process.argv.slice(2)
const { references, mode } = JSON.parse(readFileSync(plan, 'utf8'))
let rest = Buffer.alloc(0)
let root = ''
let isWorking = false

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
  process.stdout.write(`Content-Length: ${String(body.length)}\r\n\r\n`)
  process.stdout.write(body)
}

function located({ file, line, column }) {
  const start = { line: line - 1, character: column }
  return { uri: pathToFileURL(path.resolve(root, file)).href, range: { start, end: start } }
}

function hear({ id, method, params }) {
  if (method === 'initialize') {
    root = fileURLToPath(params.rootUri)
    writeFileSync(`${plan}.pid`, String(process.pid))
    send({ id, result: { capabilities: { referencesProvider: true } } })
  } else if (method === 'initialized') {
    // As real ones do: it asks for settings, and waits for no answer.
    send({ id: 'settings', method: 'workspace/configuration', params: { items: [{}] } })
    if (mode === 'eager') {
      isWorking = true
      send({ method: '$/progress', params: { token: 't', value: { kind: 'begin' } } })
    }
  } else if (method === 'textDocument/references') {
    writeFileSync(`${plan}.asked`, JSON.stringify(params))
    if (mode === 'silent') return
    if (mode === 'garbage') {
      process.stdout.write('Content-Length: nonsense\r\n\r\n')
      return
    }
    send({ id, result: isWorking ? [] : references.map(located) })
    if (isWorking) {
      isWorking = false
      send({ method: '$/progress', params: { token: 't', value: { kind: 'end' } } })
    }
  }
}

process.stdin.on('data', (bytes) => {
  rest = Buffer.concat([rest, bytes])
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/i.exec(rest.toString('latin1', 0, end))[1])
    if (rest.length < end + 4 + length) return
    hear(JSON.parse(rest.toString('utf8', end + 4, end + 4 + length)))
    rest = rest.subarray(end + 4 + length)
  }
})
