// Preloaded into a daemon: the first parser thread dies of the first file that it is given, as if the parser had trapped.
import { createRequire, syncBuiltinESMExports } from 'node:module'

const threads = createRequire(import.meta.url)('node:worker_threads')
let isFirst = true

threads.Worker = class extends threads.Worker {
  #dies = isFirst

  constructor(...given) {
    super(...given)
    isFirst = false
  }

  postMessage(...given) {
    if (this.#dies) void this.terminate()
    else super.postMessage(...given)
  }
}
syncBuiltinESMExports()
