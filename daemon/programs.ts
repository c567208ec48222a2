// Programs of ours that are started as processes of their own: they lie beside the bundle, or in a checkout are sources, run through tsx.
import { fileURLToPath } from 'node:url'

/** The program that runs here. */
export function ownWords(): readonly string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? '']
}

/** As words that start it. @param source from this folder, as in `fleet/supervisor.ts` */
export function programWords(source: string): readonly string[] {
  const here = import.meta.url
  if (here.endsWith('.ts'))
    return [
      ...[process.execPath, '--import', import.meta.resolve('tsx')],
      fileURLToPath(new URL(`./${source}`, here)),
    ]
  const name = (source.split('/').at(-1) ?? '').replace(/\.ts$/, '.js')
  const isChunk = new URL('.', here).pathname.endsWith('/chunks/')
  return [process.execPath, fileURLToPath(new URL(`${isChunk ? '../' : './'}${name}`, here))]
}
