// Loaded into a daemon before its program: what it dials at a TCP port goes to the port that the file SKEIN_TEST_LINES names
// for it (JSON, port to port, read anew at each dial). A port that the file does not name is refused: no way leads around.
import fs from 'node:fs'
import net from 'node:net'

const file = process.env.SKEIN_TEST_LINES
const { connect } = net
const CLOSED_PORT = 1

function portFor(port) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))[port] ?? CLOSED_PORT
  } catch {
    return CLOSED_PORT
  }
}

net.connect = (options, ...more) => {
  const isTcp = typeof options === 'object' && options.port !== undefined
  return connect(isTcp ? { ...options, port: portFor(options.port) } : options, ...more)
}
