// Readers of event streams, in a process of their own: each opens /v1/events and reads what comes, bytes only.
import net from 'node:net'

interface Streams {
  readonly socket: string
  readonly count: number
}

process.on('message', ({ socket, count }: Streams) => {
  Promise.all(Array.from({ length: count }, () => open(socket))).then(
    () => process.send?.({ outcome: count }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

function open(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path)
    socket.once('error', reject)
    socket.once('data', (chunk) => {
      if (chunk.toString('latin1').startsWith('HTTP/1.1 200')) resolve()
      else reject(new Error(chunk.toString('latin1')))
    })
    socket.resume()
    socket.write('GET /v1/events?repo=bench/repo HTTP/1.1\r\nhost: skein\r\n\r\n')
  })
}
