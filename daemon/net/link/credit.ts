// When a stream grants its sender more room. By itself yamux does so after each message, which is a packet of its own on
// the way back for each packet that comes: two writes, and a wake of the other process. Here it is done once half of the
// least window is used.
import type { Stream } from '@libp2p/interface'

/** A yamux stream, as far as its window goes. Paused it says nothing; what comes is still told. */
interface Windowed {
  sendPause(): void
  sendResume(): void
}

/** Half of the window that each stream begins with. */
const GRANT_BYTES = 131_072

export function grantSparingly(stream: Stream): void {
  if (!isWindowed(stream)) return
  let used = 0
  let isFirst = true
  stream.addEventListener('message', ({ data }) => {
    used += data.byteLength
    // What is said with the first one also accepts the stream.
    if (!isFirst && used >= GRANT_BYTES) {
      used = 0
      stream.sendResume()
    }
    if (!isFirst) stream.sendPause()
    isFirst = false
  })
}

function isWindowed(stream: Stream): stream is Stream & Windowed {
  return 'sendPause' in stream && 'sendResume' in stream
}
